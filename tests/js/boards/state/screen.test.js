import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Screen } from "boards/state/screen.js";
import { ServerClock } from "realtime/clock.js";
import { Socket } from "realtime/socket.js";
import { FakePage, FakeTime, FakeWebSocket, nobody, settle } from "../../fakes.js";

const AT = "2026-11-20T12:00:00.000Z";

/** @type {FakeTime} */
let time;
/** @type {Screen} */
let screen;
/** @type {{resolve: (snapshot: any) => void, reject: (error: Error) => void}[]} requests under way */
let fetches;

const snapshot = (/** @type {number} */ value, seq = 1, /** @type {any[]} */ history = []) => ({
  type: "snapshot",
  board: { slug: "ops", title: "Ops", widgets: [{ id: 1, type: "number", streams: ["cpu"], options: {} }] },
  streams: {
    cpu: { kind: "number", label: "CPU", unit: "%", stale_after: 6, value, at: AT, seq, state: "ok", error: null, history },
  },
});
const update = (/** @type {number} */ value, /** @type {number} */ seq) => ({
  type: "update",
  streams: { cpu: { value, at: new Date(Date.parse(AT) + seq * 1000).toISOString(), seq, state: "ok", error: null } },
});
const connection = () => FakeWebSocket.newest;
const value = () => screen.state.streams.get("cpu")?.value;

beforeEach(() => {
  time = new FakeTime();
  fetches = [];
  FakeWebSocket.lines = [];
  const local = () => time.now;
  const clock = new ServerClock({ local, steady: local });
  const page = new FakePage();
  const socket = new Socket("/ws/boards/ops/", { person: nobody(), WebSocket: FakeWebSocket, page, timers: time, random: () => 0.5, clock });
  screen = new Screen("ops", socket, {
    fetchSnapshot: () => new Promise((resolve, reject) => fetches.push({ resolve, reject })),
    timers: /** @type {any} */ (time),
    random: () => 0.5,
    steady: local,
    local,
  });
  screen.open();
});

test("the board is there as soon as HTTP has brought it, but not live", async () => {
  fetches[0].resolve(snapshot(41));
  await settle();
  assert.equal(value(), 41);
  assert.notEqual(screen.connection().phase, "live");
});

test("it is live when the socket has brought the snapshot", () => {
  connection().hello();
  assert.equal(screen.connection().phase, "connecting");
  connection().give(snapshot(42));
  assert.equal(screen.connection().phase, "live");
  connection().give(update(43, 2));
  assert.equal(value(), 43);
});

test("a request that fails is no matter: the socket brings all", async () => {
  fetches[0].reject(new TypeError("away"));
  connection().hello();
  connection().give(snapshot(42));
  await settle();
  assert.equal(value(), 42);
});

test("a lost connection is told, values stay, and only a new snapshot makes it live again", () => {
  let told = 0;
  screen.onConnection(() => (told += 1));
  connection().hello();
  connection().give(snapshot(42));
  assert.equal(screen.heardAt(), screen.now());
  const heard = screen.now();
  time.suspend(5);
  connection().cut(1006);
  assert.match(screen.connection().banner, /^Not connected/);
  assert.deepEqual([value(), screen.heardAt()], [42, heard]);
  time.pass(1);
  connection().hello();
  assert.notEqual(screen.connection().phase, "live");
  connection().give(snapshot(50));
  assert.deepEqual([screen.connection().phase, value()], ["live", 50]);
  assert.ok(told >= 4);
});

test("a server that stands still is not connected after two heartbeats, in every phase until it is live again", () => {
  connection().hello();
  connection().give(snapshot(42));
  const heard = screen.now();
  time.suspend(51); // no timer rings, so the socket believes what it did
  assert.deepEqual([screen.socket.state.phase, screen.connection().phase], ["live", "connecting"]);
  assert.match(screen.connection().banner, /^Not connected/);
  time.pass(0);
  const phases = new Set();
  for (let second = 0; second < 120; second += 1) {
    time.pass(1);
    phases.add(screen.socket.state.phase);
    assert.notEqual(screen.connection().phase, "live");
    assert.match(screen.connection().banner, /^Not connected/);
    assert.equal(screen.heardAt(), heard, "what was not heard is not judged");
  }
  assert.deepEqual([...phases].sort(), ["connecting", "waiting"]);
});

test("a value is judged by what is known, not by a hello without values", () => {
  connection().hello();
  connection().give(snapshot(42));
  connection().cut(1006);
  time.pass(3600);
  connection().hello();
  assert.deepEqual([screen.connection().phase, screen.heardAt()], ["connecting", screen.now() - 3_600_000]);
  connection().give(snapshot(50));
  assert.deepEqual([screen.connection().phase, screen.heardAt()], ["live", screen.now()]);
});

test("points that were left out are fetched, not at once and not all the time", async () => {
  connection().hello();
  connection().give(snapshot(1, 1, [[1, 1]]));
  fetches = [];
  connection().give(update(4, 4));
  assert.equal(fetches.length, 0);
  time.pass(3);
  assert.equal(fetches.length, 1);
  connection().give(update(9, 9));
  time.pass(3);
  assert.equal(fetches.length, 1);
  fetches[0].resolve(snapshot(5, 5, [[1, 1], [2, 2], [3, 3]]));
  await settle();
  assert.deepEqual(screen.state.streams.get("cpu")?.history.slice(0, 3), [[1, 1], [2, 2], [3, 3]]);
  assert.equal(value(), 9);
  connection().give(update(12, 12));
  time.pass(10);
  assert.equal(fetches.length, 1);
  time.pass(10);
  assert.equal(fetches.length, 2);
});

test("another build of the server is noticed, the first one is not", () => {
  /** @type {number[]} */
  const seen = [];
  screen.onNewBuild = () => seen.push(1);
  connection().hello({ build: "a" });
  connection().cut(1006);
  time.pass(1);
  connection().hello({ build: "a" });
  assert.deepEqual(seen, []);
  connection().hello({ build: "b" });
  assert.deepEqual(seen, [1]);
});

test("a reload that the server asks for needs no other build", () => {
  let reloads = 0;
  screen.onNewBuild = () => (reloads += 1);
  connection().hello({ build: "a" });
  connection().give({ type: "reload", build: "a" });
  assert.equal(reloads, 1);
});

test("events of other boards on the same connection change nothing here", () => {
  connection().hello();
  connection().give(snapshot(42));
  connection().give({ ...snapshot(7), board: { slug: "sales", title: "Sales", widgets: [] } });
  assert.equal(value(), 42);
  assert.equal(screen.state.board?.slug, "ops");
  connection().give({ ...snapshot(43, 2), board: { slug: "sales", title: "Sales", widgets: [] } });
  assert.equal(value(), 43); // a stream that both show: no update will say that again
});

test("wound back it shows what was, while what is goes on unseen", async () => {
  connection().hello();
  connection().give(snapshot(42));
  const at = screen.now() - 60_000;
  const asked = screen.rewind(at);
  assert.equal(screen.past, null);
  fetches[1].resolve(snapshot(17));
  await asked;
  assert.deepEqual([screen.shown.streams.get("cpu")?.value, screen.shownAt(), screen.heardAt()], [17, at, at]);
  connection().give(update(43, 2));
  assert.equal(screen.shown.streams.get("cpu")?.value, 17);
  screen.backToLive();
  assert.deepEqual([screen.shown.streams.get("cpu")?.value, screen.shownAt()], [43, screen.now()]);
});

test("an answer that comes after one has moved on is not shown", async () => {
  connection().hello();
  connection().give(snapshot(42));
  const first = screen.rewind(1000);
  const second = screen.rewind(2000);
  fetches[2].resolve(snapshot(2));
  await second;
  fetches[1].resolve(snapshot(1));
  await first;
  assert.equal(screen.shown.streams.get("cpu")?.value, 2);
  const third = screen.rewind(3000);
  screen.backToLive();
  fetches[3].resolve(snapshot(3));
  await third;
  assert.equal(screen.past, null);
});

test("a past that cannot be fetched leaves the screen as it was", async () => {
  connection().hello();
  connection().give(snapshot(42));
  const asked = screen.rewind(1000);
  fetches[1].reject(new TypeError("away"));
  await assert.rejects(asked);
  assert.equal(screen.past, null);
});

test("a board that went from its wall is heard of no more, and asks for nothing", async () => {
  connection().hello();
  connection().give(snapshot(42));
  connection().give(update(44, 3)); // the one between was left out: its point is fetched
  time.pass(5);
  const asked = fetches.length;
  screen.close();
  fetches[asked - 1].reject(new Error("There is no such board."));
  await settle();
  connection().give(update(50, 9));
  time.pass(60);
  assert.deepEqual([value(), fetches.length], [44, asked]);
});
