/** There is at most one connection, for all events in any order. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ServerClock } from "realtime/clock.js";
import { Socket } from "realtime/socket.js";
import { FakePage, FakeTime, FakeWebSocket, nobody } from "../fakes.js";

const STEPS = 60;
const RUNS = 400;

/** Numbers from 0 to 1 that a seed fixes (mulberry32). */
function chance(/** @type {number} */ seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A connection whose handlers the test keeps, to call them after the socket has dropped it. */
class Kept extends FakeWebSocket {
  /** @type {((event: any) => void)[]} what the browser had queued before the handlers were taken off */
  late = [];
  isCut = false;

  queueLate() {
    const { onclose, onmessage } = this;
    if (onclose) this.late.push(() => onclose({ code: 1006 }));
    if (onmessage) this.late.push(() => onmessage({ data: '{"type":"hello","user":null,"heartbeat":25}' }));
  }

  cut(/** @type {number} */ code) {
    this.isCut = true;
    super.cut(code);
  }
}

function run(/** @type {number} */ seed) {
  FakeWebSocket.lines = [];
  const random = chance(seed);
  const time = new FakeTime();
  const page = new FakePage();
  const clock = new ServerClock({ local: () => time.now, steady: () => time.now });
  const socket = new Socket("/ws/chat/", { person: nobody(), WebSocket: Kept, page, timers: time, random, clock });
  const lines = /** @type {Kept[]} */ (FakeWebSocket.lines);
  const newest = () => lines[lines.length - 1];
  const pick = (/** @type {any[]} */ all) => all[Math.floor(random() * all.length)];
  const steps = {
    open: () => socket.open(),
    close: () => random() < 0.2 && socket.close(),
    retry: () => socket.retry(),
    online: () => page.dispatchEvent(new Event("online")),
    pageshow: () => page.dispatchEvent(new Event("pageshow")),
    visible: () => page.document.dispatchEvent(new Event("visibilitychange")),
    hide: () => (page.document.visibilityState = pick(["hidden", "visible", "visible"])),
    time: () => time.pass(pick([0.1, 1, 6, 20, 60])),
    sleep: () => time.suspend(100),
    hello: () => newest().hello(),
    drain: () => newest().give({ type: "notice", code: "draining", retry_after: 2 }),
    cut: () => newest().cut(pick([1000, 1006, 1012, 4503, 4429, 4401])),
    late: () => pick(lines).late.forEach((/** @type {any} */ event) => event()),
    listener: () => {
      const act = pick([() => socket.close(), () => socket.retry(), () => socket.open()]);
      const end = socket.on("state", () => (end(), act()));
    },
  };
  socket.open();
  const taken = /** @type {string[]} */ (["open"]);
  for (let step = 0; step < STEPS; step += 1) {
    for (const line of lines) if (!line.late.length) line.queueLate();
    const name = pick(Object.keys(steps));
    taken.push(name);
    steps[/** @type {"open"} */ (name)]();
    const open = lines.filter((line) => !line.hungUp && !line.isCut);
    const told = `seed ${seed}: ${taken.join(" ")} → ${socket.state.phase}`;
    assert.ok(open.length <= 1, `${open.length} lines are open after ${told}`);
    const connected = ["connecting", "live"].includes(socket.state.phase);
    assert.equal(open.length, connected ? 1 : 0, `a line is missing or orphaned after ${told}`);
    if (connected) assert.equal(socket.connection, open[0], `it listens to another line after ${told}`);
    const alarms = { connecting: [1], live: [1, 2], waiting: [1], stopped: [0] }[socket.state.phase];
    assert.ok(alarms.includes(time.timers.size), `${time.timers.size} timers run after ${told}`);
  }
}

test("never more than one line is open, none is forgotten, and no alarm of an old phase rings", () => {
  for (let seed = 1; seed <= RUNS; seed += 1) run(seed);
});

test("the network comes back while a retry is planned: one line, and the planned one does not come", () => {
  FakeWebSocket.lines = [];
  const [time, page] = [new FakeTime(), new FakePage()];
  const socket = new Socket("/ws/chat/", { person: nobody(), WebSocket: FakeWebSocket, page, timers: time, random: () => 0.5 });
  socket.open();
  FakeWebSocket.newest.cut(1006);
  page.dispatchEvent(new Event("online"));
  FakeWebSocket.newest.hello();
  time.pass(10);
  assert.equal(FakeWebSocket.lines.length, 2);
  assert.ok(socket.live);
});
