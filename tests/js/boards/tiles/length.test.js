import assert from "node:assert/strict";
import { test } from "node:test";
import { length, letters } from "boards/tiles/length.js";

test("spaces and points are half as wide as digits, and so is smaller type", () => {
  assert.equal(letters("1234"), 4);
  assert.equal(letters("1.5"), 2.5);
  assert.equal(letters("18:00", "42"), 5.5);
  assert.equal(letters("👍"), 1);
  assert.equal(letters(""), 0);
});

test("a text has one of three lengths", () => {
  assert.deepEqual(["", "123456", "1234567", "123456789", "1234567890"].map((text) => length(text)), ["short", "short", "medium", "medium", "long"]);
  assert.equal(length("12345", "km/h"), "medium");
});
