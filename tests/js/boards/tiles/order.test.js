import assert from "node:assert/strict";
import { test } from "node:test";
import { orderOf } from "boards/tiles/order.js";

test("rows are sorted by key or by a field, empty ones last", () => {
  const rows = { b: { n: 2 }, a: { n: 10 }, c: {}, d: { n: 2 } };
  assert.deepEqual(orderOf(rows), ["a", "b", "c", "d"]);
  assert.deepEqual(orderOf(rows, "n"), ["b", "d", "a", "c"]);
  assert.deepEqual(orderOf(rows, "-n"), ["a", "b", "d", "c"]);
});

test("several empty rows are sorted by key, either way", () => {
  const rows = { z: { n: null }, y: {}, x: { n: 0 } };
  assert.deepEqual(orderOf(rows, "n"), ["x", "y", "z"]);
  assert.deepEqual(orderOf(rows, "-n"), ["x", "y", "z"]);
});

test("an order that is held stays, whatever changes; new rows come last and gone ones go", () => {
  assert.deepEqual(orderOf({ b: { n: 1 }, a: { n: 5 }, z: { n: 9 } }, "-n", ["b", "gone", "a"]), ["b", "a", "z"]);
});
