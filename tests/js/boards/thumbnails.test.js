import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Thumbnails } from "boards/thumbnails.js";
import { ServerClock } from "realtime/clock.js";
import { Socket } from "realtime/socket.js";
import { FakePage, FakeTime, FakeWebSocket, nobody, settle } from "../fakes.js";

/** @type {FakeTime} */
let time;
/** @type {Thumbnails} */
let thumbnails;

const connection = () => FakeWebSocket.newest;
const snapshot = (/** @type {string} */ slug, value = 1) => ({
  type: "snapshot",
  board: { slug, title: slug, widgets: [] },
  streams: {
    cpu: { kind: "number", label: "CPU", unit: "", stale_after: 6, value, at: null, seq: 1, state: "ok", error: null, history: [] },
  },
});

beforeEach(() => {
  time = new FakeTime();
  FakeWebSocket.lines = [];
  const local = () => time.now;
  const clock = new ServerClock({ local, steady: local });
  const world = { person: nobody(), WebSocket: FakeWebSocket, page: new FakePage(), timers: time, random: () => 0.5, clock };
  thumbnails = new Thumbnails(new Socket("/ws/boards/", world), { steady: local });
});

test("all thumbnails of a page are asked for with one command over one socket", async () => {
  thumbnails.watch("a");
  thumbnails.watch("b");
  thumbnails.watch("a");
  assert.equal(FakeWebSocket.lines.length, 1);
  connection().hello();
  await settle();
  assert.deepEqual(connection().sent, [{ type: "watch", boards: ["a", "b"], points: 40, ref: "1" }]);
});

test("each board gets its snapshot, and an update goes to all that show the stream", async () => {
  const [a, b] = [thumbnails.watch("a"), thumbnails.watch("b")];
  connection().hello();
  await settle();
  connection().give(snapshot("a"));
  connection().give(snapshot("b"));
  connection().give({ type: "update", streams: { cpu: { value: 7, at: null, seq: 2, state: "ok", error: null } } });
  assert.deepEqual([a.streams.get("cpu")?.value, b.streams.get("cpu")?.value], [7, 7]);
});

test("what is shown is live only while its snapshot has come over the present connection", async () => {
  thumbnails.watch("a");
  connection().hello();
  assert.equal(thumbnails.isLive("a"), false);
  connection().give(snapshot("a"));
  assert.equal(thumbnails.isLive("a"), true);
  connection().cut(1006);
  assert.equal(thumbnails.isLive("a"), false);
  time.pass(1);
  connection().hello();
  await settle();
  assert.equal(thumbnails.isLive("a"), false);
  assert.equal(connection().sent[0].type, "watch");
});

test("a board that is gone is no error for the others", async () => {
  thumbnails.watch("a");
  connection().hello();
  await settle();
  connection().give({ type: "error", ref: connection().sent[0].ref, code: "not_found", detail: "There is no board gone." });
  await settle();
  connection().give(snapshot("a"));
  assert.equal(thumbnails.isLive("a"), true);
});

test("a thumbnail is not live when nothing came for two heartbeats", () => {
  thumbnails.watch("a");
  connection().hello();
  connection().give(snapshot("a"));
  assert.equal(thumbnails.isLive("a"), true);
  time.suspend(51);
  assert.equal(thumbnails.isLive("a"), false);
});

test("a thumbnail that comes later is asked for, too", async () => {
  thumbnails.watch("a");
  connection().hello();
  await settle();
  thumbnails.watch("b");
  await settle();
  assert.deepEqual(connection().sent.map(({ boards }) => boards), [["a"], ["a", "b"]]);
});
