import assert from "node:assert/strict";
import { test } from "node:test";
import { comesBack, describeLine, pendingWords, waitingWords } from "chat/rooms/line-words.js";

const NOW = 1_000_000;

/** The text about the connection in this state of the socket and the room. */
function words(/** @type {object} */ state, phase = "here", waiting = 0, failed = 0) {
  const socket = { state: { phase: "live", retryAt: null, code: null, reason: "", ...state } };
  const roomState = { phase, room: "lobby", outbox: { waiting: () => waiting, failed: () => failed } };
  return describeLine(/** @type {any} */ (socket), /** @type {any} */ (roomState), NOW).text;
}

test("live means connected and caught up", () => {
  assert.equal(words({}), "Live");
  assert.equal(words({}, "catching up"), "Catching up…");
  assert.equal(words({}, "absent"), "Catching up…");
  assert.equal(words({}, "here", 2), "Live · 2 sending");
  assert.equal(words({}, "here", 0, 1), "Live · 1 not sent");
});

test("a lost line says when it is tried again, and what waits", () => {
  assert.equal(words({ phase: "waiting", retryAt: NOW + 3400 }, "absent", 2), "Reconnecting in 4 s · 2 waiting");
  assert.equal(words({ phase: "waiting", retryAt: NOW - 10 }, "absent"), "Reconnecting…");
  assert.equal(words({ phase: "connecting" }, "absent", 1), "Connecting… · 1 waiting");
});

test("a line that ended says why", () => {
  assert.equal(words({ phase: "stopped", code: 4401 }, "absent"), "Signed out");
  assert.equal(words({ phase: "stopped", code: 4409 }, "absent", 1), "Paused: too many tabs · 1 waiting");
  assert.equal(words({ phase: "stopped", code: 4403 }, "shut", 1, 1), "Not allowed · 2 not sent");
  assert.equal(words({ phase: "stopped", code: 1000 }, "absent"), "Disconnected");
  assert.equal(words({}, "shut"), "Closed");
});

/** A room whose socket is in this state. @returns {any} */
const room = (/** @type {string} */ phase, /** @type {object} */ state, guest = false) =>
  ({ phase, me: { id: 1, name: "Ada", guest }, socket: { state } });

test("a message that is not sent promises only what will be", () => {
  const back = "not sent yet: goes out when the connection is back";
  assert.equal(pendingWords(room("here", { phase: "live" })), "sending…");
  assert.equal(pendingWords(room("absent", { phase: "waiting", code: 1006 })), back);
  assert.equal(pendingWords(room("absent", { phase: "stopped", code: 4409 })), back);
  for (const code of [4000, 4401]) {
    const stopped = { phase: "stopped", code };
    assert.equal(pendingWords(room("absent", stopped)), "not sent yet: goes out when Ada signs in again");
    assert.equal(pendingWords(room("absent", stopped, true)), "not sent");
  }
  assert.equal(pendingWords(room("absent", { phase: "stopped", code: 4403 })), "not sent");
  assert.equal(pendingWords(room("shut", { phase: "live" })), "not sent");
});

test("only a page that may be connected again says so", () => {
  const stopped = [4000, 4401, 4403, 4404, 4409].filter((code) => comesBack(room("absent", { phase: "stopped", code })));
  assert.deepEqual(stopped, [4409]);
  assert.equal(comesBack(room("absent", { phase: "waiting", code: 1006 })), true);
  assert.equal(comesBack(room("shut", { phase: "waiting", code: 1006 })), false);
});

test("a page without a room speaks of the connection alone", () => {
  const socket = { state: { phase: "live", retryAt: null, code: null, reason: "" } };
  assert.deepEqual(describeLine(/** @type {any} */ (socket), null, NOW), { phase: "live", text: "Live" });
});

/** @param {string} state @param {number} age seconds */
const entry = (state, age) => /** @type {any} */ ({ state, at: NOW - age * 1000 });

test("a room says what waits, but not of what is sent at once", () => {
  assert.equal(waitingWords([], NOW), "");
  assert.equal(waitingWords([entry("queued", 1), entry("sending", 0), entry("sent", 60)], NOW), "");
  assert.equal(waitingWords([entry("queued", 2), entry("sending", 60), entry("queued", 0)], NOW), "2 waiting");
});

test("what was refused comes first", () => {
  assert.equal(waitingWords([entry("queued", 60), entry("failed", 0)], NOW), "1 not sent");
});
