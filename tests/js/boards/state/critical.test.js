import assert from "node:assert/strict";
import { test } from "node:test";
import { BoardState } from "boards/state/board-state.js";
import { criticalOf } from "boards/state/critical.js";

const NOW = Date.parse("2026-11-21T09:00:00Z");

/** @param {Record<string, any>} streams @param {object} [options] */
function state(streams, options = {}) {
  const made = new BoardState();
  const said = { label: "S", unit: "", stale_after: 60, at: new Date(NOW - 2000).toISOString(), seq: 1, state: "ok", error: null, history: [] };
  made.takeSnapshot({
    board: { slug: "ops", title: "Ops", widgets: [{ id: 1, type: "number", streams: Object.keys(streams), options }] },
    streams: Object.fromEntries(Object.entries(streams).map(([slug, more]) => [slug, { ...said, ...more }])),
  });
  return made;
}
const isCritical = (/** @type {any} */ more, /** @type {object} */ options = {}) => criticalOf(state({ s: more }, options), NOW).get("s");

test("a status that says so is critical, in either form", () => {
  assert.equal(isCritical({ kind: "status", value: "crit" }), true);
  assert.equal(isCritical({ kind: "status", value: { level: "crit", text: "down" } }), true);
  for (const value of ["ok", "warn", null]) assert.equal(isCritical({ kind: "status", value }), false);
});

test("a number is critical beyond the limit of its tile, and never without one", () => {
  const limits = { warn: 80, crit: 90 };
  assert.equal(isCritical({ kind: "number", value: 95 }, limits), true);
  assert.equal(isCritical({ kind: "number", value: 85 }, limits), false);
  assert.equal(isCritical({ kind: "number", value: 5 }, { warn: 20, crit: 10 }), true);
  assert.equal(isCritical({ kind: "number", value: 1e9 }), false);
});

test("it is critical when one of its tiles says so", () => {
  const made = state({ s: { kind: "number", value: 95 } }, { crit: 90 });
  made.board?.widgets.push({ .../** @type {any} */ (made.board.widgets[0]), options: {} });
  assert.equal(criticalOf(made, NOW).get("s"), true);
});

test("each stream counts by itself, and of one that is old, failing or not running nobody knows", () => {
  const crit = { kind: "status", value: "crit" };
  const old = new Date(NOW - 61_000).toISOString();
  const made = state({
    fresh: crit,
    well: { ...crit, value: "ok" },
    old: { ...crit, at: old },
    failing: { ...crit, state: "error" },
    unknown: { ...crit, state: "unknown" },
    empty: { ...crit, value: null, at: null },
  });
  assert.deepEqual([...criticalOf(made, NOW)], [["fresh", true], ["well", false]]);
});

test("nothing is critical on a board that nothing is known about", () => {
  assert.equal(criticalOf(new BoardState(), NOW).size, 0);
});
