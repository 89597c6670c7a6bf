import assert from "node:assert/strict";
import { test } from "node:test";
import { hue, initials } from "realtime/people.js";

test("initials are of the first and last word, or the first two letters", () => {
  assert.deepEqual(["Ada Moor", "Grace", "Ada B. C. Moor", "å", "  bo  "].map(initials), ["AM", "GR", "AM", "Å", "BO"]);
});

test("one emoji stands for a name of emoji, whole", () => {
  assert.deepEqual(["👩‍🚀🎉", "🎉 party", "…", ""].map(initials), ["👩‍🚀", "🎉", "…", "?"]);
});

test("neighbouring ids get different colours, all of them in the palette", () => {
  const hues = Array.from({ length: 8 }, (_, id) => hue(id));
  assert.equal(new Set(hues).size, 8);
  assert.ok(hues.every((each) => each >= 0 && each < 8));
});
