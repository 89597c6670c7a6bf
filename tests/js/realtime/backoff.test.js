import assert from "node:assert/strict";
import { test } from "node:test";
import { backoff } from "realtime/backoff.js";

const most = (/** @type {number} */ attempt) => backoff(attempt, { base: 1, cap: 30, random: () => 1 });

test("the most one waits doubles with each attempt, up to the cap", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6, 400].map(most), [1, 2, 4, 8, 16, 30, 30, 30]);
});

test("chance spreads the wait over the whole span from nothing", () => {
  assert.equal(backoff(3, { random: () => 0 }), 0);
  assert.equal(backoff(3, { random: () => 0.5 }), 4);
});
