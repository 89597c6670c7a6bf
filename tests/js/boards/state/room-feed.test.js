import assert from "node:assert/strict";
import { test } from "node:test";
import { RoomFeed } from "boards/state/room-feed.js";
import { Socket } from "realtime/socket.js";
import { said, saidAll } from "../../messages.js";
import { FakePage, FakeTime, FakeWebSocket, nobody, settle } from "../../fakes.js";

/** A feed of the lobby whose socket is live. */
function open() {
  const time = new FakeTime();
  const socket = new Socket("/ws/chat/", { person: nobody(), WebSocket: FakeWebSocket, page: new FakePage(), timers: time, random: () => 0.5 });
  const feed = new RoomFeed(socket, "lobby");
  const connection = FakeWebSocket.newest;
  connection.hello();
  return { feed, connection, socket, time };
}

async function joined(/** @type {object[]} */ messages, count = 2) {
  const { feed, connection, socket } = open();
  const { ref } = connection.sent[0];
  connection.give({ type: "joined", ref, room: "lobby", rev: 5, seq: 5, messages, complete: true, online: [], count });
  await settle();
  return { feed, connection, socket };
}

const bodies = (/** @type {RoomFeed} */ feed) => feed.messages.map(({ seq }) => seq);

test("it joins and shows the newest messages", async () => {
  const { feed, connection } = await joined(saidAll(1, 3));
  assert.deepEqual([connection.sent[0].type, connection.sent[0].room], ["join", "lobby"]);
  assert.deepEqual([bodies(feed), feed.count, feed.live], [[1, 2, 3], 2, true]);
});

test("new messages come, edited and deleted ones change, old ones go", async () => {
  const { feed, connection } = await joined(saidAll(1, 12));
  connection.give(said(13));
  connection.give(said(5, { rev: 14, html: "<p>better</p>" }));
  connection.give(said(5, { rev: 5, html: "<p>older</p>" }));
  connection.give(said(6, { rev: 15, deleted: true }));
  connection.give(said(14, { room: "other" }));
  assert.deepEqual(bodies(feed), [2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13]);
  assert.equal(feed.messages[3].html, "<p>better</p>");
});

test("a room that may not be seen says so and shows nothing", async () => {
  const { feed, connection } = open();
  connection.give({ type: "error", ref: connection.sent[0].ref, code: "forbidden", detail: "You are not a member of this room." });
  await settle();
  assert.deepEqual([feed.trouble, feed.messages, feed.live], ["You are not a member of this room.", [], false]);
});

test("a room that could not be shown is asked for again every minute, until it is there", async () => {
  const { feed, connection, time } = open();
  const join = (/** @type {number} */ number) => connection.sent.filter(({ type }) => type === "join")[number];
  connection.give({ type: "error", ref: join(0).ref, code: "forbidden", detail: "This room is archived." });
  await settle();
  time.pass(40);
  connection.give({ type: "heartbeat", now: "2026-11-21T09:00:00Z" });
  time.pass(20);
  connection.give({ type: "joined", ref: join(1).ref, room: "lobby", rev: 3, seq: 3, messages: saidAll(1, 3), complete: true });
  await settle();
  assert.deepEqual([feed.trouble, bodies(feed), feed.live], ["", [1, 2, 3], true]);
  time.pass(10);
  assert.equal(join(2), undefined);
});

test("a wall is not told who is there", async () => {
  const { feed, connection } = open();
  connection.give({ type: "joined", ref: connection.sent[0].ref, room: "lobby", rev: 3, seq: 3, messages: saidAll(1, 3), complete: true });
  await settle();
  assert.equal(feed.count, null);
});

test("who is taken out of the room sees no more of it", async () => {
  const { feed, connection } = await joined(saidAll(1, 3));
  connection.give({ type: "left", room: "lobby", reason: "removed" });
  assert.deepEqual([bodies(feed), feed.live], [[], false]);
  assert.match(feed.trouble, /no longer/);
  connection.give({ type: "left", room: "lobby", reason: "archived" });
  assert.match(feed.trouble, /archived/);
});

test("it is not live while the connection is down, and joins again", async () => {
  const { feed, connection, socket } = await joined(saidAll(1, 3));
  connection.cut(1006);
  assert.deepEqual([feed.live, bodies(feed)], [false, [1, 2, 3]]);
  socket.retry();
  FakeWebSocket.newest.hello();
  assert.equal(FakeWebSocket.newest.sent[0].type, "join");
});

test("it leaves when it ends", async () => {
  const { feed, connection } = await joined([]);
  feed.end();
  assert.deepEqual(connection.sent.at(-1), { type: "leave", room: "lobby" });
});

test("how many are there is not known before the room is joined", () => {
  assert.equal(open().feed.count, null);
});
