import assert from "node:assert/strict";
import { test } from "node:test";
import { BoardState } from "dashboard/board-state.js";
import { isCritical } from "dashboard/critical.js";

/** @param {string} kind @param {unknown} value @param {object} [options] */
function state(kind, value, options = {}) {
  const made = new BoardState();
  made.takeSnapshot({
    board: { slug: "ops", title: "Ops", widgets: [{ id: 1, type: "number", streams: ["s"], options }] },
    streams: { s: { kind, label: "S", unit: "", stale_after: 6, value, at: null, seq: 1, state: "ok", error: null, history: [] } },
  });
  return made;
}

test("a status that says so makes a board critical, in either form", () => {
  assert.equal(isCritical(state("status", "crit")), true);
  assert.equal(isCritical(state("status", { level: "crit", text: "down" })), true);
  for (const value of ["ok", "warn", null]) assert.equal(isCritical(state("status", value)), false);
});

test("a number is critical beyond the limit of its tile, and never without one", () => {
  assert.equal(isCritical(state("number", 95, { warn: 80, crit: 90 })), true);
  assert.equal(isCritical(state("number", 85, { warn: 80, crit: 90 })), false);
  assert.equal(isCritical(state("number", 5, { warn: 20, crit: 10 })), true);
  assert.equal(isCritical(state("number", 1e9)), false);
});

test("a board of which nothing is known is not critical", () => {
  assert.equal(isCritical(new BoardState()), false);
});
