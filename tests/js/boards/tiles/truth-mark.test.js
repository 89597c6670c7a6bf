import assert from "node:assert/strict";
import { test } from "node:test";
import { truthMark, truthMarks, truthSign } from "boards/tiles/truth-mark.js";
import { markupOf, textOf } from "../../templates.js";

/** @type {import("boards/state/age-and-state.js").Note[]} */
const MARKS = [{ truth: "failing", text: "1 failing" }, { truth: "old", text: "5 min old" }];

test("each truth that is bad has a shape of its own; others have none", () => {
  const bad = ["old", "failing", "unknown", "offline"].map((truth) => markupOf(truthSign(truth)));
  assert.equal(new Set(bad).size, 4);
  for (const shape of bad) assert.match(shape, /<(path|circle)/);
  assert.doesNotMatch(markupOf(truthSign("fresh")), /<(path|circle)/);
});

test("all marks are shown, or the worst alone", () => {
  assert.equal(textOf(truthMarks(MARKS)), "1 failing 5 min old");
  assert.equal(textOf(truthMark(MARKS)), "1 failing");
  assert.equal(textOf(truthMark([])), "");
});

test("the word old stands apart, so that the style sheet can leave it out", () => {
  assert.match(markupOf(truthMarks([MARKS[1]])), /<span>5 min<span class="truth-mark__old"> old<\/span>/);
  assert.doesNotMatch(markupOf(truthMarks([MARKS[0]])), /truth-mark__old/);
});
