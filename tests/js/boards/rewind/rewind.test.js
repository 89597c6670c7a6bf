import assert from "node:assert/strict";
import { test } from "node:test";
import { stepAt, STEPS, timeAt, windowReaching, windowsFor } from "boards/rewind/rewind.js";

const NOW = Date.parse("2026-11-21T09:00:00.400Z");

test("one can go back as far as values are kept", () => {
  assert.deepEqual(windowsFor(86_400).map(({ seconds }) => seconds), [3600, 21_600, 86_400]);
  assert.deepEqual(windowsFor(600).map(({ seconds }) => seconds), [600]);
  assert.deepEqual(windowsFor(0).map(({ seconds }) => seconds), [60]);
});

test("the slider's ends are now and as far back as it goes", () => {
  assert.equal(timeAt(STEPS, 3600, NOW), NOW - 400);
  assert.equal(timeAt(0, 3600, NOW), NOW - 400 - 3_600_000);
  assert.deepEqual([stepAt(NOW, 3600, NOW), stepAt(NOW - 9e9, 3600, NOW), stepAt(NOW + 9e9, 3600, NOW)], [STEPS, 0, STEPS]);
  for (const step of [1, 100, 719]) assert.equal(stepAt(timeAt(step, 3600, NOW), 3600, NOW), step);
});

test("the window reaches back to the time asked for", () => {
  const windows = windowsFor(7 * 86_400);
  assert.equal(windowReaching(windows, NOW - 60_000, NOW).seconds, 3600);
  assert.equal(windowReaching(windows, NOW - 7_200_000, NOW).seconds, 21_600);
  assert.equal(windowReaching(windows, NOW - 9e9, NOW).seconds, 7 * 86_400);
});
