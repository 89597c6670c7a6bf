import assert from "node:assert/strict";
import { test } from "node:test";
import { levelOf, whyLevel } from "boards/state/levels.js";

const seen = (/** @type {string} */ text) => text.replaceAll("\u202f", " ");

test("a number has the level of the limits that it reaches", () => {
  const levels = (/** @type {object} */ limits) => [10, 80, 95].map((value) => levelOf(value, limits));
  assert.deepEqual(levels({ warn: 80, crit: 90 }), ["ok", "warn", "crit"]);
  assert.deepEqual(levels({ warn: 80, crit: 20 }), ["crit", "warn", "ok"]);
  assert.deepEqual(levels({ crit: 80 }), ["ok", "crit", "crit"]);
  assert.deepEqual(levels({ crit: 80, better: "up" }), ["crit", "crit", "ok"]);
  assert.deepEqual(levels({ warn: 80, crit: 80, better: "up" }), ["crit", "crit", "ok"], "equal limits say nothing");
  assert.deepEqual(levels({}), [null, null, null]);
  assert.deepEqual([levelOf(null, { warn: 1 }), levelOf("95", { warn: 1 })], [null, null]);
});

test("a level says why", () => {
  assert.equal(seen(whyLevel("warn", { warn: 80, crit: 90 }, "%")), "80 % or more");
  assert.equal(seen(whyLevel("crit", { warn: 80, crit: 20 }, "%")), "20 % or less");
  assert.equal(seen(whyLevel("crit", { crit: 0.5 }, "", 2)), "0.50 or more");
  assert.equal(whyLevel("ok", { warn: 80 }), "");
  assert.equal(whyLevel("warn", { crit: 80 }), "");
});
