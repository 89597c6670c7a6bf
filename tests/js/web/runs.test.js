import assert from "node:assert/strict";
import { test } from "node:test";
import { pathOf, runsOf } from "web/runs.js";

const same = (/** @type {number} */ number) => number;

test("values that follow each other are one run", () => {
  assert.deepEqual(runsOf([[1, 5], [2, 6]]), [[[1, 5], [2, 6]]]);
  assert.deepEqual(runsOf([]), []);
});

test("a run ends where nothing was measured", () => {
  assert.deepEqual(runsOf([[1, null], [2, 6], [3, null], [4, null], [5, 7], [6, "x"]]), [[[2, 6]], [[5, 7]]]);
});

test("a run ends where there was no value for longer than the gap", () => {
  assert.deepEqual(runsOf([[0, 1], [10, 2], [21, 3]], 10), [[[0, 1], [10, 2]], [[21, 3]]]);
});

test("zero is a value", () => {
  assert.deepEqual(runsOf([[0, 0], [1, 0]]), [[[0, 0], [1, 0]]]);
});

test("each run is a line, and one value alone is a dot", () => {
  assert.equal(pathOf([[[0, 1], [1, 2]], [[5, 3]]], same, same), "M0 1L1 2M5 3h0");
  assert.equal(pathOf([], same, same), "");
});

test("places are rounded to a tenth", () => {
  assert.equal(pathOf([[[1, 2], [2, 3]]], (at) => at / 3, (value) => -value / 3), "M0.3 -0.7L0.7 -1");
});
