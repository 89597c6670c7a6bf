import assert from "node:assert/strict";
import { test } from "node:test";
import { awayWords, buildWords, paintedWords } from "walls/screen-words.js";

const NOW = Date.parse("2026-11-20T12:00:00Z");
const ago = (/** @type {number} */ seconds) => new Date(NOW - seconds * 1000).toISOString();

test("a screen that has painted just now is well, one that has not for 45 seconds is late", () => {
  assert.deepEqual(paintedWords({ painted_at: ago(45) }, NOW), { isLate: false, text: "last frame 45 s ago" });
  assert.deepEqual(paintedWords({ painted_at: ago(46) }, NOW), { isLate: true, text: "last frame 46 s ago" });
});

test("one that has said nothing yet is not late", () => {
  assert.deepEqual(paintedWords({ painted_at: null }, NOW), { isLate: false, text: "has not said what it paints" });
});

test("a clock that is behind the server's tells no age below zero", () => {
  assert.equal(paintedWords({ painted_at: ago(-5) }, NOW).text, "last frame 0.0 s ago");
});

test("an old build is called old, and one that was not told unknown", () => {
  assert.equal(buildWords({ build: "b2", current: true }), "build b2");
  assert.equal(buildWords({ build: "b1", current: false }), "build b1 (an old one)");
  assert.equal(buildWords({ build: "", current: false }), "build unknown");
});

test("one that is away says since when", () => {
  assert.equal(awayWords({ seen_at: ago(7200) }, NOW), "not connected since 2 h");
});
