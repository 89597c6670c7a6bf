import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { ServerClock } from "realtime/clock.js";
import { CommandError, Disconnected } from "realtime/errors.js";
import { Socket } from "realtime/socket.js";
import { FakePage, FakeTime, FakeWebSocket, nobody, settle } from "../fakes.js";

/** @type {FakeTime} */
let time;
/** @type {FakePage} */
let page;
/** @type {Socket} */
let socket;
const line = () => FakeWebSocket.newest;
const lines = () => FakeWebSocket.lines.length;

beforeEach(() => {
  FakeWebSocket.lines = [];
  time = new FakeTime();
  page = new FakePage();
  const clock = new ServerClock({ local: () => time.now, steady: () => time.now });
  socket = new Socket("/ws/chat/", { person: nobody(), WebSocket: FakeWebSocket, page, timers: time, random: () => 0.5, clock });
  socket.open();
});

test("the address follows the page's, encrypted like it", () => {
  assert.equal(line().address, "wss://chat.example/ws/chat/");
  page.location.protocol = "http:";
  line().cut(1006);
  time.pass(1);
  assert.equal(line().address, "ws://chat.example/ws/chat/");
});

test("it is live from hello on, not before", () => {
  assert.equal(socket.state.phase, "connecting");
  assert.equal(socket.send({ type: "typing", room: "lobby" }), false);
  line().hello();
  assert.equal(socket.state.phase, "live");
  assert.equal(socket.send({ type: "typing", room: "lobby" }), true);
  assert.deepEqual(line().sent, [{ type: "typing", room: "lobby" }]);
});

test("a late listener of live connections is called at once, and for each that follows", () => {
  line().hello();
  let calls = 0;
  socket.onLive(() => (calls += 1));
  assert.equal(calls, 1);
  line().cut(1006);
  time.pass(1);
  line().hello();
  assert.equal(calls, 2);
});

test("a lost line is tried again after a wait that chance and the number of failures set", () => {
  const waits = [];
  for (let attempt = 0; attempt < 7; attempt += 1) {
    line().cut(1006);
    waits.push((/** @type {number} */ (socket.state.retryAt) - time.now) / 1000);
    time.pass(waits[attempt]);
    assert.equal(lines(), attempt + 2);
  }
  assert.deepEqual(waits, [0.5, 1, 2, 4, 8, 15, 15]);
});

test("a server that takes us and drops us at once does not reset the wait; a good connection does", () => {
  line().hello();
  line().cut(1011);
  time.pass(0.5);
  line().hello();
  line().cut(1011);
  assert.equal(socket.state.retryAt, time.now + 1000);
  time.pass(1);
  line().hello();
  time.pass(10);
  line().cut(1006);
  assert.equal(socket.state.retryAt, time.now + 500);
});

for (const code of [4400, 4401, 4403, 4404, 4409]) {
  test(`close code ${code} is final, with the reason the server gave`, () => {
    line().hello();
    line().give({ type: "error", code: "forbidden", detail: "Sign in first." });
    line().cut(code);
    assert.deepEqual(socket.state, { phase: "stopped", retryAt: null, code, reason: "Sign in first." });
    time.pass(600);
    page.dispatchEvent(new Event("online"));
    assert.equal(lines(), 1);
  });
}

for (const code of [1000, 1001, 1006, 1011, 1012, 4503]) {
  test(`close code ${code} is not`, () => {
    line().hello();
    line().cut(code);
    time.pass(1);
    assert.equal(lines(), 2);
  });
}

test("a draining server says when to come back", () => {
  line().hello();
  line().give({ type: "notice", code: "draining", retry_after: 3.2 });
  line().cut(1012);
  time.pass(3.1);
  assert.equal(lines(), 1);
  time.pass(0.1);
  assert.equal(lines(), 2);
  line().cut(1006);
  assert.ok(/** @type {number} */ (socket.state.retryAt) - time.now < 3000, "the wish counts once");
});

test("after a flood the wait is at least what the server asked", () => {
  line().hello();
  line().give({ type: "error", code: "rate_limited", detail: "Slow down.", retry_after: 20 });
  line().cut(4429);
  time.pass(20);
  assert.equal(lines(), 1);
  time.pass(1);
  assert.equal(lines(), 2);
});

test("silence for two heartbeats means a dead line", () => {
  line().hello({ heartbeat: 10 });
  time.pass(19);
  line().give({ type: "heartbeat", now: "2026-11-20T12:00:19.000Z" });
  time.pass(19);
  assert.equal(socket.state.phase, "live");
  time.pass(1);
  assert.equal(socket.state.phase, "waiting");
  assert.ok(line().hungUp);
});

test("a connection that never says hello is given up", () => {
  time.pass(15);
  assert.equal(socket.state.phase, "waiting");
});

test("what a line says after it was given up is not heard", () => {
  line().hello({ heartbeat: 1 });
  const old = line();
  time.pass(2.5);
  old.hello();
  assert.equal(socket.state.phase, "connecting");
});

test("a reply finds its command by ref", async () => {
  line().hello();
  const first = socket.request({ type: "ping" });
  const second = socket.request({ type: "ping" });
  const [one, two] = line().sent;
  line().give({ type: "pong", ref: two.ref, at: "b" });
  line().give({ type: "pong", ref: one.ref, at: "a" });
  assert.deepEqual([(await first).at, (await second).at], ["a", "b"]);
});

test("an error reply is a CommandError, and the line lives on", async () => {
  line().hello();
  const reply = socket.request({ type: "send" });
  line().give({ type: "error", ref: line().sent[0].ref, code: "rate_limited", detail: "Slow down.", retry_after: 0.4 });
  await assert.rejects(reply, (error) => error instanceof CommandError && error.retryAfter === 0.4);
  assert.ok(socket.live);
});

test("commands without a reply fail when the line goes, or is down", async () => {
  line().hello();
  const reply = socket.request({ type: "send" });
  line().cut(1006);
  await assert.rejects(reply, Disconnected);
  await assert.rejects(socket.request({ type: "send" }), Disconnected);
});

test("a server that heartbeats but does not answer loses us", async () => {
  line().hello();
  const reply = socket.request({ type: "send" });
  time.pass(14);
  line().give({ type: "heartbeat", now: "2026-11-20T12:00:14.000Z" });
  time.pass(1);
  await assert.rejects(reply, Disconnected);
  assert.equal(socket.state.phase, "waiting");
});

test("when the network or the reader comes back, waiting ends", () => {
  for (const event of [() => page, () => page.document]) {
    line().cut(1006);
    const before = lines();
    event().dispatchEvent(new Event(event() === page ? "online" : "visibilitychange"));
    assert.equal(lines(), before + 1);
  }
});

test("a hidden page leaves its timers alone", () => {
  line().cut(1006);
  page.document.visibilityState = "hidden";
  page.document.dispatchEvent(new Event("visibilitychange"));
  assert.equal(lines(), 1);
});

test("a line that slept through its heartbeats is replaced at once", () => {
  line().hello();
  time.suspend(600);
  page.document.dispatchEvent(new Event("visibilitychange"));
  assert.equal(socket.state.phase, "waiting");
});

test("a line that looks alive after a change of network must prove it", () => {
  line().hello();
  page.dispatchEvent(new Event("online"));
  assert.deepEqual(line().sent, [{ type: "ping" }]);
  line().give({ type: "pong", at: "2026-11-20T12:00:01.000Z" });
  time.pass(6);
  assert.ok(socket.live);
  page.dispatchEvent(new Event("online"));
  time.pass(5);
  assert.equal(socket.state.phase, "waiting");
});

test("hanging up is final until opened again", () => {
  line().hello();
  socket.close();
  time.pass(600);
  assert.equal(lines(), 1);
  assert.equal(socket.state.phase, "stopped");
  socket.open();
  assert.equal(lines(), 2);
});

test("one listener's fault does not keep an event from the others", async () => {
  const faults = /** @type {unknown[]} */ ([]);
  const others = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.once("uncaughtException", (error) => faults.push(error));
  const heard = /** @type {string[]} */ ([]);
  socket.on("hello", () => {
    throw new Error("mine");
  });
  socket.on("hello", () => heard.push("yes"));
  line().hello();
  await settle();
  for (const listener of others) process.on("uncaughtException", listener);
  assert.deepEqual(heard, ["yes"]);
  assert.equal(faults.length, 1);
});
