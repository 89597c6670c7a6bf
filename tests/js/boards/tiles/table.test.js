import assert from "node:assert/strict";
import { test } from "node:test";
import { columnsOf, markOf, MARKED, tableTile } from "boards/tiles/table.js";
import { markupOf, textOf } from "../../templates.js";

const widget = (/** @type {object} */ options = {}) =>
  /** @type {any} */ ({ id: 1, type: "table", title: "", streams: ["prices"], width: 6, height: 2, options });

test("columns are those of the options, or all that the rows have", () => {
  const stream = /** @type {any} */ ({ value: { A: { bid: 1, decimals: 2 }, B: { bid: 2, ask: 3 } } });
  assert.deepEqual(columnsOf(widget(), stream), [{ key: "bid" }, { key: "ask" }]);
  assert.deepEqual(columnsOf(widget({ columns: [{ key: "ask", label: "Ask" }] }), stream), [{ key: "ask", label: "Ask" }]);
});

test("a changed cell is marked for a while", () => {
  const stream = /** @type {any} */ ({
    marks: new Map([["A", new Map([["bid", { up: true, at: 0 }], ["ask", { up: false, at: 0 }], ["name", { up: null, at: 0 }]])]]),
  });
  assert.deepEqual(
    ["bid", "ask", "name", "last"].map((column) => markOf(stream, "A", column, 10)),
    ["up", "down", "other", ""],
  );
  assert.equal(markOf(stream, "A", "bid", MARKED), "");
  assert.equal(markOf(stream, "B", "bid", 10), "");
});

const prices = { A: { last: 1.5, change: 0.2, decimals: 3 }, B: { last: 2, change: -1 }, C: { last: 3, change: 0 } };
const table = (/** @type {object} */ options = {}, /** @type {any} */ space = null, value = /** @type {any} */ (prices)) =>
  tableTile(widget(options), [/** @type {any} */ ({ label: "Prices", value, marks: new Map() })], 0, null, space);

test("numbers have their row's decimals, unless the column says how many", () => {
  assert.match(textOf(table({ columns: [{ key: "last" }] })), /A 1\.500 B 2 C 3$/);
  assert.match(textOf(table({ columns: [{ key: "last", decimals: 1 }] })), /A 1\.5 B 2\.0 C 3\.0$/);
});

test("a change has an arrow instead of a sign", () => {
  assert.match(textOf(table({ columns: [{ key: "change", change: true, decimals: 1 }] })), /A ▲up 0\.2 B ▼down 1\.0 C –unchanged 0\.0$/);
});

test("columns have their labels, and those of numbers are told to the style sheet", () => {
  assert.match(textOf(table({ key: "Share", columns: [{ key: "last", label: "Last" }] })), /^Share Last /);
  const numeric = (/** @type {any} */ value) => /<th scope="col" class=numeric>/.test(markupOf(table({}, null, value)));
  assert.deepEqual([numeric({ A: { n: 1 } }), numeric({ A: { n: "x" } })], [true, false]);
});

test("on a wall columns that do not fit across are counted", () => {
  const value = { A: Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`a long name ${index}`, index])) };
  assert.match(textOf(table({}, { width: 1280, height: 720 }, value)), / \+\d+ A /);
  assert.doesNotMatch(textOf(table({}, null, value)), / \+\d+ A /);
});
