import assert from "node:assert/strict";
import { test } from "node:test";
import { columnsOf, markOf, MARKED } from "boards/tiles/table.js";

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
