import assert from "node:assert/strict";
import { test } from "node:test";
import { MOST_TOPICS, readTopics } from "roulette/topics.js";

test("topics stand between commas; spaces and empty ones do not count", () => {
  assert.deepEqual(readTopics(" tea, ,long walks ,"), ["tea", "long walks"]);
  assert.deepEqual(readTopics(""), []);
});

test("the same topic counts once, however it is written", () => {
  assert.deepEqual(readTopics("Tea,TEA,tea,coffee"), ["tea", "coffee"]);
});

test("there are five at most, and each has thirty characters at most, emoji whole", () => {
  assert.deepEqual(readTopics("a,b,c,d,e,f"), ["a", "b", "c", "d", "e"]);
  assert.equal(MOST_TOPICS, 5);
  assert.deepEqual(readTopics("👍".repeat(31)), ["👍".repeat(30)]);
});
