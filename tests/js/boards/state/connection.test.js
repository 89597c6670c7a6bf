import assert from "node:assert/strict";
import { test } from "node:test";
import { describe } from "boards/state/connection.js";
import { clockSeconds, useZone } from "web/time.js";

const NOW = Date.parse("2026-11-21T09:00:00Z");
const times = { now: NOW, local: NOW, heardAt: NOW - 5000 };
const state = (/** @type {Partial<import("realtime/socket.js").State>} */ more) => ({
  phase: /** @type {const} */ ("live"),
  retryAt: null,
  code: null,
  reason: "",
  ...more,
});

test("it is live only after the snapshot has come over this connection", () => {
  assert.deepEqual(describe(state({}), false, { ...times, knownAt: 0 }), { phase: "connecting", text: "Loading…", banner: "" });
  assert.deepEqual(describe(state({}), true, times), { phase: "live", text: `Live · ${clockSeconds(NOW)}`, banner: "" });
});

test("the time of another place is told with the place", () => {
  useZone("Pacific/Auckland");
  assert.equal(describe(state({}), true, times).text, "Live · 22:00:00 Auckland");
  useZone("");
});

test("a lost connection is said with the time of the values and of the next try", () => {
  const said = describe(state({ phase: "waiting", retryAt: NOW + 3200 }), false, times);
  assert.equal(said.text, "Reconnecting in 4 s");
  assert.equal(said.banner, `Not connected. Values are as of ${clockSeconds(NOW - 5000)}. Reconnecting in 4 s`);
});

test("the first connection is no reason for a banner, a later one is", () => {
  assert.equal(describe(state({ phase: "connecting" }), false, { ...times, heardAt: 0 }).banner, "");
  assert.match(describe(state({ phase: "connecting" }), false, times).banner, /^Not connected/);
});

test("a line on which nothing came for two heartbeats is not connected, whatever the browser believes", () => {
  const silent = { now: NOW, local: NOW, heardAt: NOW - 50_001, heartbeat: 25 };
  assert.deepEqual(describe(state({}), true, { ...silent, heardAt: NOW - 50_000 }).phase, "live");
  const said = describe(state({}), true, silent);
  assert.equal(said.phase, "connecting");
  assert.equal(said.banner, `Not connected. Values are as of ${clockSeconds(NOW - 50_001)}. Reconnecting…`);
});

test("values of before are no live ones while new ones are loaded, and that is said", () => {
  const said = describe(state({}), false, { ...times, knownAt: NOW - 90_000 });
  assert.deepEqual(said, { phase: "connecting", text: "Loading…", banner: `Values are as of ${clockSeconds(NOW - 90_000)}. Loading…` });
});

test("only a line that is live, in every phase, says so", () => {
  const phases = /** @type {const} */ (["connecting", "waiting", "stopped"]);
  for (const phase of phases) for (const loaded of [true, false]) assert.notEqual(describe(state({ phase }), loaded, times).phase, "live");
});

test("what stops for a reason of its own tells that reason", () => {
  const said = describe(state({ phase: "stopped", code: 4400, reason: "This page is too old." }), false, { ...times, heardAt: 0 });
  assert.equal(said.text, "This page is too old");
});

test("a refusal for good says what it is", () => {
  const said = describe(state({ phase: "stopped", code: 4404 }), false, { ...times, heardAt: 0 });
  assert.deepEqual(said, {
    phase: "stopped",
    text: "This board is no longer there",
    banner: "This board is no longer there.",
  });
});
