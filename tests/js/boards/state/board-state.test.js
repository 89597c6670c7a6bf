import assert from "node:assert/strict";
import { test } from "node:test";
import { BoardState } from "boards/state/board-state.js";

const AT = "2026-11-21T09:00:00.000Z";
const MS = Date.parse(AT);
const later = (/** @type {number} */ seconds) => new Date(MS + seconds * 1000).toISOString();

const stream = (/** @type {object} */ more = {}) => ({
  kind: "number",
  label: "CPU",
  unit: "%",
  stale_after: 6,
  value: 41,
  at: AT,
  seq: 5,
  state: "ok",
  error: null,
  history: [[MS, 41]],
  ...more,
});
const snapshot = (/** @type {object} */ streams, widgets = [{ id: 1, type: "number", streams: ["cpu"], options: {} }]) => ({
  type: "snapshot",
  board: { slug: "ops", title: "Ops", widgets },
  streams,
});
const update = (/** @type {object} */ streams) => ({ type: "update", streams });
const change = (/** @type {object} */ more) => ({ at: later(2), seq: 6, state: "ok", error: null, ...more });

function shown(/** @type {object} */ streams) {
  const state = new BoardState();
  state.takeSnapshot(snapshot(streams));
  return state;
}

const cpu = (/** @type {BoardState} */ state) => /** @type {import("boards/state/board-state.js").Stream} */ (state.streams.get("cpu"));

test("a snapshot replaces all that was known", () => {
  const state = shown({ cpu: stream(), disk: stream() });
  state.takeSnapshot(snapshot({ cpu: stream({ value: 50, seq: 1 }) }));
  assert.deepEqual([...state.streams.keys()], ["cpu"]);
  assert.equal(cpu(state).value, 50);
});

test("the snapshot over HTTP counts only while the socket has brought none", () => {
  const state = new BoardState();
  state.takeFirst(snapshot({ cpu: stream({ value: 1 }) }));
  assert.equal(cpu(state).value, 1);
  state.takeSnapshot(snapshot({ cpu: stream({ value: 2 }) }));
  state.takeFirst(snapshot({ cpu: stream({ value: 3 }) }));
  assert.equal(cpu(state).value, 2);
});

test("a later seq replaces the value, though its time is lower because clocks differ", () => {
  const state = shown({ cpu: stream({ history: [[MS, 41]] }) });
  state.takeUpdate(update({ cpu: change({ value: 44, at: later(45), seq: 6 }) }), 0);
  state.takeUpdate(update({ cpu: change({ value: 45, at: later(1), seq: 7 }) }), 0);
  state.takeUpdate(update({ cpu: change({ value: 46, at: later(2), seq: 8 }) }), 0);
  assert.equal(cpu(state).value, 46);
  assert.deepEqual(cpu(state).history, [[MS, 41], [MS + 1000, 45], [MS + 2000, 46]]);
});

test("an update brings value, health and a point of history", () => {
  const state = shown({ cpu: stream() });
  state.takeUpdate(update({ cpu: change({ value: 44, state: "error", error: "boom", retry_at: later(9) }) }), 0);
  const { value, seq, state: health, error, at, retryAt, history } = cpu(state);
  assert.deepEqual(
    [value, seq, health, error, at, retryAt],
    [44, 6, "error", "boom", MS + 2000, MS + 9000],
  );
  assert.deepEqual(history, [[MS, 41], [MS + 2000, 44]]);
});

test("an older update changes nothing", () => {
  const state = shown({ cpu: stream() });
  state.takeUpdate(update({ cpu: change({ value: 1, seq: 4 }) }), 0);
  assert.equal(cpu(state).value, 41);
});

test("news of the producer alone adds no point", () => {
  const state = shown({ cpu: stream() });
  state.takeUpdate(update({ cpu: change({ value: 41, at: AT, state: "unknown" }) }), 0);
  assert.equal(cpu(state).state, "unknown");
  assert.deepEqual(cpu(state).history, [[MS, 41]]);
});

test("points that were folded into an update are kept in order", () => {
  const state = shown({ cpu: stream() });
  state.takeUpdate(update({ cpu: change({ value: 44, merged: 1, points: [[MS + 1000, 43]] }) }), 0);
  assert.deepEqual(cpu(state).history, [[MS, 41], [MS + 1000, 43], [MS + 2000, 44]]);
  assert.equal(state.hasGap, false);
});

test("a missing seq, or points that were folded away, are a gap that fetched history closes", () => {
  const state = shown({ cpu: stream() });
  state.takeUpdate(update({ cpu: change({ value: 44, seq: 8 }) }), 0);
  assert.equal(state.hasGap, true);
  const history = [[MS, 41], [MS + 500, 42], [MS + 1000, 43]];
  state.takeHistory(snapshot({ cpu: stream({ history, seq: 7 }) }));
  assert.equal(state.hasGap, false);
  assert.deepEqual(cpu(state).history, [...history, [MS + 2000, 44]]);
  assert.equal(cpu(state).value, 44);
  state.takeUpdate(update({ cpu: change({ value: 45, seq: 9, at: later(3), merged: 2 }) }), 0);
  assert.equal(state.hasGap, true);
});

test("history is bounded by what the widgets ask for", () => {
  const state = new BoardState();
  const widgets = [{ id: 1, type: "line", streams: ["cpu"], options: { points: 400 } }];
  state.takeSnapshot(snapshot({ cpu: stream({ history: [] }) }, widgets));
  for (let seq = 6; seq < 600; seq += 1) state.takeUpdate(update({ cpu: change({ value: seq, seq, at: later(seq) }) }), 0);
  assert.equal(cpu(state).history.length, 400);
  assert.equal(cpu(state).history.at(-1)?.[1], 599);
});

const table = (/** @type {object} */ more = {}) => stream({ kind: "table", value: { A: { bid: 1, name: "x" } }, history: [], ...more });
const prices = (/** @type {BoardState} */ state) =>
  /** @type {import("boards/state/board-state.js").Stream} */ (state.streams.get("prices"));

test("rows come, change and go, several under one seq", () => {
  const state = shown({ prices: table() });
  state.takeUpdate(update({ prices: change({ rows: { B: { bid: 2 } } }) }), 0);
  state.takeUpdate(update({ prices: change({ rows: { A: null } }) }), 0);
  assert.deepEqual(prices(state).value, { B: { bid: 2 } });
  state.takeUpdate(update({ prices: change({ seq: 5, rows: { B: { bid: 9 } } }) }), 0);
  assert.deepEqual(prices(state).value, { B: { bid: 2 } });
});

test("a row that was read back comes after younger rows, and counts all the same", () => {
  const state = shown({ prices: table({ value: { A: { bid: 1 }, B: { bid: 1 } } }) });
  state.takeUpdate(update({ prices: change({ seq: 8, rows: { A: { bid: 8 } } }) }), 0);
  state.takeUpdate(update({ prices: change({ seq: 7, at: later(1), state: "error", rows: { B: { bid: 7 } } }) }), 0);
  state.takeUpdate(update({ prices: change({ seq: 7, rows: { A: { bid: 7 } } }) }), 0);
  state.takeUpdate(update({ prices: change({ seq: 4, rows: { B: { bid: 4 } } }) }), 0);
  assert.deepEqual(prices(state).value, { A: { bid: 8 }, B: { bid: 7 } });
  assert.deepEqual([prices(state).seq, prices(state).state, prices(state).at], [8, "ok", MS + 2000]);
});

test("changed cells are marked with their direction, new rows are not", () => {
  const state = shown({ prices: table() });
  state.takeUpdate(update({ prices: change({ rows: { A: { bid: 2, name: "y" }, B: { bid: 1 } } }) }), 123);
  const { marks } = prices(state);
  assert.deepEqual(marks.get("A"), new Map([["bid", { up: true, at: 123 }], ["name", { up: null, at: 123 }]]));
  assert.equal(marks.has("B"), false);
  state.takeUpdate(update({ prices: change({ seq: 7, rows: { A: { bid: 1, name: "y" } } }) }), 200);
  assert.deepEqual(marks.get("A")?.get("bid"), { up: false, at: 200 });
});

test("listeners learn which streams changed, and null for all", () => {
  const state = shown({ cpu: stream(), disk: stream() });
  /** @type {(string[] | null)[]} */
  const heard = [];
  const end = state.onChange((slugs) => heard.push(slugs && [...slugs]));
  state.takeUpdate(update({ cpu: change({ value: 1 }), unknown: change({ value: 1 }) }), 0);
  state.takeUpdate(update({ cpu: change({ value: 1, seq: 1 }) }), 0);
  state.takeSnapshot(snapshot({}));
  end();
  state.takeSnapshot(snapshot({}));
  assert.deepEqual(heard, [["cpu"], null]);
});

test("updates that were folded into others on their way are counted", () => {
  const state = shown({ cpu: stream() });
  state.takeUpdate(update({ cpu: change({ value: 1, merged: 3 }) }), 0);
  state.takeUpdate(update({ cpu: change({ value: 2, seq: 9 }) }), 0);
  assert.equal(cpu(state).merged, 5);
});

test("a chart over a time keeps that time", () => {
  const state = new BoardState();
  const widgets = [{ id: 1, type: "line", streams: ["cpu"], options: { range: 60 } }];
  state.takeSnapshot(snapshot({ cpu: stream({ history: [] }) }, widgets));
  for (let seq = 6; seq < 206; seq += 1) state.takeUpdate(update({ cpu: change({ value: seq, seq, at: later(seq) }) }), 0);
  assert.deepEqual([cpu(state).history.length, cpu(state).history[0][1]], [60, 146]);
});

test("the snapshot of another board is news of streams that both show, where it is newer", () => {
  const state = shown({ cpu: stream(), orders: stream({ kind: "table", value: { A: { n: 1 }, B: { n: 2 } }, history: [] }) });
  const other = { board: { slug: "other" }, streams: { cpu: stream({ value: 50, at: later(2), seq: 6 }), disk: stream() } };
  state.takeOther(other, 0);
  assert.equal(cpu(state).value, 50);
  assert.deepEqual(cpu(state).history, [[MS, 41], [MS + 2000, 50]]);
  assert.deepEqual([...state.streams.keys()], ["cpu", "orders"]);
  state.takeOther({ board: { slug: "other" }, streams: { cpu: stream({ value: 7 }) } }, 0);
  assert.equal(cpu(state).value, 50);
  const orders = stream({ kind: "table", value: { B: { n: 3 }, C: { n: 4 } }, at: later(3), seq: 7, history: [] });
  state.takeOther({ board: { slug: "other" }, streams: { orders } }, 0);
  assert.deepEqual(state.streams.get("orders")?.value, { B: { n: 3 }, C: { n: 4 } });
});

test("a number that is not known any more adds no point to its line", () => {
  const state = shown({ cpu: stream() });
  state.takeUpdate(update({ cpu: change({ value: null }) }), 0);
  assert.equal(cpu(state).value, null);
  assert.deepEqual(cpu(state).history, [[MS, 41]]);
});
