import assert from "node:assert/strict";
import { test } from "node:test";
import { levelOf, whyLevel } from "boards/state/levels.js";
import { readClock } from "boards/tiles/clock.js";
import { scaleOf, share } from "boards/tiles/gauge.js";
import { linesOf } from "boards/tiles/list.js";
import { orderOf } from "boards/tiles/order.js";

const NOW = Date.parse("2026-11-21T09:00:00Z");
const seen = (/** @type {string} */ text) => text.replaceAll("\u202f", " ");
const stream = (/** @type {object} */ more = {}) =>
  /** @type {any} */ ({ slug: "cpu", kind: "number", label: "CPU", unit: "%", value: 41, at: NOW, staleAfter: 60, state: "ok", history: [], ...more });
const widget = (/** @type {object} */ options = {}) => /** @type {any} */ ({ title: "", options });

test("a number has the level of the limits that it reaches", () => {
  const levels = (/** @type {object} */ limits) => [10, 80, 95].map((value) => levelOf(value, limits));
  assert.deepEqual(levels({ warn: 80, crit: 90 }), ["ok", "warn", "crit"]);
  assert.deepEqual(levels({ warn: 80, crit: 20 }), ["crit", "warn", "ok"]);
  assert.deepEqual(levels({ crit: 80 }), ["ok", "crit", "crit"]);
  assert.deepEqual(levels({ crit: 80, better: "up" }), ["crit", "crit", "ok"]);
  assert.deepEqual(levels({}), [null, null, null]);
  assert.deepEqual([levelOf(null, { warn: 1 }), levelOf("95", { warn: 1 })], [null, null]);
});

test("a level says why", () => {
  assert.equal(seen(whyLevel("warn", { warn: 80, crit: 90 }, "%")), "80 % or more");
  assert.equal(seen(whyLevel("crit", { warn: 80, crit: 20 }, "%")), "20 % or less");
  assert.equal(whyLevel("ok", { warn: 80 }), "");
});

test("a gauge's scale is what was asked for, or fits its values", () => {
  assert.deepEqual(scaleOf({ min: 10, max: 20 }, stream()), [10, 20]);
  assert.deepEqual(scaleOf({}, stream()), [0, 100]);
  assert.deepEqual(scaleOf({ crit: 40 }, stream({ unit: "", value: 3 })), [0, 50]);
  assert.deepEqual(scaleOf({}, stream({ unit: "", value: 3, history: [[1, 130]] })), [0, 200]);
  assert.deepEqual(scaleOf({ max: 0 }, stream({ value: null })), [0, 1]);
  assert.deepEqual([-1, 0, 25, 200].map((value) => share(value, [0, 100])), [0, 0, 0.25, 1]);
});

test("rows are sorted by key or by a field, empty ones last", () => {
  const rows = { b: { n: 2 }, a: { n: 10 }, c: {}, d: { n: 2 } };
  assert.deepEqual(orderOf(rows), ["a", "b", "c", "d"]);
  assert.deepEqual(orderOf(rows, "n"), ["b", "d", "a", "c"]);
  assert.deepEqual(orderOf(rows, "-n"), ["a", "b", "d", "c"]);
});

test("an order that is held stays, whatever changes; new rows come last and gone ones go", () => {
  assert.deepEqual(orderOf({ b: { n: 1 }, a: { n: 5 }, z: { n: 9 } }, "-n", ["b", "gone", "a"]), ["b", "a", "z"]);
});

test("a list of streams has their levels, and does not trust what is old", () => {
  const lines = linesOf(widget({ crit: 90 }), [stream({ value: 94 }), stream({ slug: "b", at: NOW - 90_000 })], NOW);
  assert.deepEqual(lines.map(({ level, stale }) => [level, stale]), [["crit", false], ["ok", true]]);
  assert.equal(seen(lines[0].text), "94 %");
  const [status] = linesOf(widget(), [stream({ kind: "status", value: { level: "warn", text: "slow" } })], NOW);
  assert.deepEqual([status.level, status.text], ["warn", "slow"]);
});

test("a list of a table has its best rows, each with its share of the best", () => {
  const value = { ann: { name: "x", points: 5 }, bob: { points: 20 }, eve: { points: 10 } };
  const lines = linesOf(widget({ rows: 2, sort: "-points" }), [stream({ kind: "table", unit: "", value })], NOW);
  assert.deepEqual(lines.map(({ name, text, part }) => [name, text, part]), [["bob", "20", 1], ["eve", "10", 0.5]]);
  assert.deepEqual(linesOf(widget(), [stream({ kind: "table", value: {} })], NOW), []);
  assert.deepEqual(linesOf(widget(), [stream({ kind: "table", value: null })], NOW), []);
});

test("a clock shows the time of its zone", () => {
  assert.deepEqual(readClock(NOW, "Asia/Tokyo"), { time: "18:00", seconds: "00", day: "Saturday 21 November", place: "Tokyo" });
  assert.equal(readClock(NOW, "America/New_York").time, "04:00");
  assert.equal(readClock(NOW, "America/New_York").place, "New York");
});
