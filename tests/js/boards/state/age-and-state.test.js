import assert from "node:assert/strict";
import { test } from "node:test";
import { duration, marksOf, tell, truthOf, truthOfAll } from "boards/state/age-and-state.js";

const NOW = Date.parse("2026-11-21T09:00:00Z");

/** @param {Partial<import("boards/state/board-state.js").Stream>} [more] @returns {import("boards/state/board-state.js").Stream} */
const stream = (more = {}) => ({
  slug: "cpu",
  kind: "number",
  label: "CPU",
  unit: "%",
  staleAfter: 60,
  value: 41,
  at: NOW - 2000,
  seq: 1,
  state: "ok",
  error: null,
  retryAt: null,
  history: [],
  floor: 1,
  rowSeqs: new Map(),
  marks: new Map(),
  kept: 0,
  gap: Infinity,
  merged: 0,
  moved: false,
  ...more,
});

test("a young value of a healthy producer is fresh", () => {
  assert.deepEqual(tell([stream()], NOW), { truth: "fresh", old: false, age: "2 s", notes: [] });
});

test("a value older than its limit is old, and says what was expected", () => {
  const told = tell([stream({ at: NOW - 14 * 60_000, staleAfter: 300 })], NOW);
  assert.deepEqual([told.truth, told.old, told.age], ["old", true, "14 min"]);
  assert.equal(told.notes[0].text, "expected within 5 min");
});

test("a failing producer says why and when it is tried again, its value may be young or old", () => {
  const failing = { state: /** @type {const} */ ("error"), error: "connection refused", retryAt: NOW + 40_000 };
  const told = tell([stream(failing)], NOW);
  assert.deepEqual([told.truth, told.old], ["failing", false]);
  assert.equal(told.notes[0].text, "producer failing: connection refused, retry in 40 s");
  assert.equal(tell([stream({ ...failing, at: NOW - 90_000 })], NOW).old, true);
  assert.match(tell([stream({ ...failing, retryAt: NOW - 1 })], NOW).notes[0].text, /, retrying$/);
});

test("a stream without a producer is unknown, never fresh", () => {
  assert.equal(truthOf(stream({ state: "unknown" }), NOW), "unknown");
  assert.equal(tell([stream({ state: "unknown" })], NOW).notes[0].text, "its producer is not running");
  assert.equal(tell([stream({ state: "unknown", at: null })], NOW).notes[0].text, "waiting for its producer");
});

test("a pushed stream without a value is empty", () => {
  assert.deepEqual(tell([stream({ at: null, value: null })], NOW), {
    truth: "empty",
    old: false,
    age: "",
    notes: [{ truth: "empty", text: "no value yet" }],
  });
});

test("of several streams the worst counts, and each note names its stream", () => {
  const told = tell([stream(), stream({ label: "Memory", state: "error", error: "boom" })], NOW);
  assert.equal(told.truth, "failing");
  assert.deepEqual(told.notes, [{ truth: "failing", text: "Memory: producer failing: boom" }]);
});

test("what is true of several streams is said once", () => {
  const old = { at: NOW - 90_000 };
  const texts = (/** @type {any[]} */ streams) => tell(streams, NOW).notes.map(({ text }) => text);
  assert.deepEqual(texts([stream(old), stream({ ...old, label: "Memory" })]), ["expected within 60 s"]);
  assert.deepEqual(texts([stream(old), stream({ ...old, label: "Memory" }), stream()]), [
    "CPU, Memory: expected within 60 s",
  ]);
});

test("a screen that has lost its connection blames no stream for what it could not hear", () => {
  const told = tell([stream()], NOW + 600_000, NOW);
  assert.deepEqual([told.truth, told.old, told.age], ["fresh", false, "10 min"]);
});

test("of several streams the age is the liveliest one's, until one is over its limit", () => {
  const quick = stream({ at: NOW - 3000, staleAfter: 6 });
  const slow = stream({ at: NOW - 20_000, staleAfter: 60 });
  assert.equal(tell([slow, quick], NOW).age, "3 s");
  assert.equal(tell([slow, quick], NOW + 50_000).age, "53 s");
  assert.equal(tell([{ ...slow, at: NOW - 900_000 }, { ...quick, at: NOW }], NOW).age, "15 min");
});

test("ages are calm: whole seconds, one at least, and a clock ahead of the server's does not go below", () => {
  assert.equal(tell([stream({ at: NOW - 10 })], NOW).age, "1 s");
  assert.equal(tell([stream({ at: NOW + 5000 })], NOW).age, "1 s");
});

test("durations are said in one unit", () => {
  assert.deepEqual([0.5, 5, 90, 300, 7200].map(duration), ["0.5 s", "5 s", "90 s", "5 min", "2 h"]);
});

test("of the past nobody says how producers were", () => {
  const past = { state: null, seq: 0 };
  assert.deepEqual(tell([stream(past)], NOW).truth, "fresh");
  assert.deepEqual(tell([stream({ ...past, at: NOW - 100_000 })], NOW).truth, "old");
  assert.deepEqual(tell([stream({ ...past, at: null })], NOW).notes, [{ truth: "empty", text: "no value then" }]);
  const table = stream({ ...past, at: NOW - 3_600_000, kind: "table", staleAfter: null });
  assert.deepEqual(tell([table], NOW), { truth: "fresh", old: false, age: "1 h", notes: [] }); // its rows may have been looked at since
});

test("what is wrong with a stream is said in a word or two, beside how old it is", () => {
  const old = { at: NOW - 5 * 60_000 };
  const marks = (/** @type {any} */ more) => marksOf([stream(more)], NOW).map(({ truth, text }) => `${truth}: ${text}`);
  assert.deepEqual(marks({}), []);
  assert.deepEqual(marks(old), ["old: 5 min old"]);
  assert.deepEqual(marks({ state: "error" }), ["failing: failing"]);
  assert.deepEqual(marks({ ...old, state: "error" }), ["failing: failing", "old: 5 min old"]);
  assert.deepEqual(marks({ state: "unknown" }), ["unknown: not running"]);
  assert.deepEqual(marks({ at: null }), []);
});

test("of several streams it says how many, unless it is true of all", () => {
  const old = stream({ at: NOW - 90_000 });
  const texts = (/** @type {any[]} */ streams) => marksOf(streams, NOW).map(({ text }) => text);
  assert.deepEqual(texts([old, stream(), stream({ state: "error" })]), ["1 failing", "1 old"]);
  assert.deepEqual(texts([old, stream({ at: NOW - 70_000 })]), ["1 min old"]);
});

test("a row is not judged by its neighbours: a tile is unwell as a whole only when each of its streams is", () => {
  const [old, failing] = [stream({ at: NOW - 90_000 }), stream({ state: "error" })];
  assert.equal(truthOfAll([stream(), old, failing], NOW), "fresh");
  assert.equal(truthOfAll([old, failing], NOW), "old");
  assert.equal(truthOfAll([failing], NOW), "failing");
  assert.equal(truthOfAll([], NOW), "fresh");
});
