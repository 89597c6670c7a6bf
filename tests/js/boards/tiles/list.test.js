import assert from "node:assert/strict";
import { test } from "node:test";
import { itemsOf, listTile } from "boards/tiles/list.js";
import { markupOf } from "../../templates.js";
import { NOW, screen, stream, widget } from "./streams.js";

const seen = (/** @type {string} */ text) => text.replaceAll("\u202f", " ");
const table = (/** @type {any} */ value, /** @type {object} */ more = {}) => stream({ kind: "table", unit: "", value, ...more });

test("a list of streams has their levels, and does not trust what is old", () => {
  const items = itemsOf(widget({ crit: 90 }), [stream({ value: 94 }), stream({ slug: "b", at: NOW - 90_000 })], NOW);
  assert.deepEqual(items.map(({ level, stale }) => [level, stale]), [["crit", false], ["ok", true]]);
  assert.equal(seen(items[0].text), "94 %");
  const [status] = itemsOf(widget(), [stream({ kind: "status", value: { level: "warn", text: "slow" } })], NOW);
  assert.deepEqual([status.level, status.text], ["warn", "slow"]);
});

test("a screen that has heard nothing for long does not call values old for that", () => {
  const [item] = itemsOf(widget(), [stream()], NOW + 90_000, null, NOW);
  assert.equal(item.stale, false);
});

test("a list of a table has its best rows, each with its share of the best", () => {
  const value = { ann: { name: "x", points: 5 }, bob: { points: 20 }, eve: { points: 10 } };
  const items = itemsOf(widget({ rows: 2, sort: "-points" }), [table(value)], NOW);
  assert.deepEqual(items.map(({ name, text, part }) => [name, text, part]), [["bob", "20", 1], ["eve", "10", 0.5]]);
  assert.deepEqual(itemsOf(widget(), [table({})], NOW), []);
  assert.deepEqual(itemsOf(widget(), [table(null)], NOW), []);
});

test("unless told by what to sort, it is the first field with numbers, the largest first", () => {
  const value = { ann: { team: "x", points: 5 }, bob: { team: "y", points: -20 } };
  const items = itemsOf(widget(), [table(value)], NOW);
  assert.deepEqual(items.map(({ key, part }) => [key, part]), [["ann", 0.25], ["bob", 1]]);
});

test("ten rows are shown unless told otherwise, and held rows stay in their order", () => {
  const value = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`row ${index}`, { n: index }]));
  assert.equal(itemsOf(widget(), [table(value)], NOW).length, 10);
  assert.deepEqual(itemsOf(widget({ rows: 2 }), [table(value)], NOW, ["row 3", "row 4"]).map(({ key }) => key), ["row 3", "row 4"]);
});

test("decimals are the column's, else the tile's, else the row's", () => {
  const value = { a: { price: 1.5, decimals: 3 } };
  const text = (/** @type {object} */ options) => itemsOf(widget(options), [table(value)], NOW)[0].text;
  assert.equal(text({}), "1.500");
  assert.equal(text({ decimals: 2 }), "1.50");
  assert.equal(text({ decimals: 2, columns: [{ key: "price", decimals: 1 }] }), "1.5");
});

test("a item has a bar only where it has a share, and says what is wrong among several", () => {
  const several = markupOf(listTile(widget(), [stream(), stream({ slug: "b", state: "error" })], screen, null));
  assert.doesNotMatch(several, /list__bar/);
  assert.match(several, /data-stale=failing/);
  assert.match(several, /truth-mark/);
  assert.match(markupOf(listTile(widget(), [table({ a: { n: 1 } })], screen, null)), /list__bar/);
});

test("a column's unit comes before the stream's", () => {
  const unit = (/** @type {object} */ column) => seen(itemsOf(widget({ columns: [{ key: "n", ...column }] }), [table({ a: { n: 1 } }, { unit: "kg" })], NOW)[0].text);
  assert.deepEqual([unit({}), unit({ unit: "t" })], ["1 kg", "1 t"]);
});
