import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Outbox } from "chat/outbox/outbox.js";
import { RoomState } from "chat/rooms/room-state.js";
import { Unread } from "chat/rooms/unread.js";
import { ServerClock } from "realtime/clock.js";
import { Socket } from "realtime/socket.js";
import { ADA, BO, GRACE, LIN, said, saidAll } from "../../messages.js";
import { FakePage, FakeTime, FakeWebSocket, nobody, settle } from "../../fakes.js";

/** @type {FakeTime} */
let time;
/** @type {RoomState} */
let roomState;
/** @type {Unread} */
let unread;
/** @type {import("chat/log/log.js").Message[]} what the server has of old */
let old;

const line = () => FakeWebSocket.newest;
const commands = (/** @type {string} */ type) => line().sent.filter((each) => each.type === type);
const seqs = () => roomState.log.messages.map(({ seq }) => seq);

/** The server answers the newest command of `type`. */
async function answer(/** @type {string} */ type, /** @type {object} */ reply) {
  line().give({ ref: commands(type).at(-1).ref, ...reply });
  await settle();
}

const joined = (/** @type {object} */ more) =>
  answer("join", {
    type: "joined",
    room: "lobby",
    rev: 0,
    seq: 0,
    read: 0,
    messages: [],
    complete: true,
    online: [ADA, GRACE],
    count: 2,
    ...more,
  });

async function reconnect() {
  line().cut(1006);
  time.pass(30);
  line().hello();
  await settle();
}

beforeEach(async () => {
  FakeWebSocket.lines = [];
  time = new FakeTime();
  unread = new Unread();
  const clock = new ServerClock({ local: () => time.now, steady: () => time.now });
  const socket = new Socket("/ws/chat/", { person: nobody(), WebSocket: FakeWebSocket, page: new FakePage(), timers: time, clock });
  const store = { isLost: true, onLost: () => {}, all: async () => [], put: async () => {}, remove: async () => {} };
  const deliver = (/** @type {import("chat/outbox/outbox.js").Entry} */ { room, id, body, replyTo }) =>
    /** @type {Promise<any>} */ (socket.request({ type: "send", room, id, body, reply_to: replyTo }));
  const outbox = new Outbox({ user: ADA.id, store, deliver, timers: time });
  const read = async (/** @type {string} */ _room, /** @type {import("chat/log/history.js").From} */ { before = Infinity }) => ({
    messages: old.filter(({ seq }) => seq < before).slice(-50),
    rev: 120,
    seq: 120,
  });
  roomState = new RoomState({ room: "lobby", me: ADA, socket, outbox, unread, read, timers: time });
  socket.open();
  roomState.start();
  line().hello();
  await settle();
});

test("it joins, and is here when the page is complete", async () => {
  assert.equal(roomState.phase, "catching up");
  await joined({ rev: 130, seq: 97, read: 95, messages: saidAll(48, 97) });
  assert.equal(roomState.phase, "here");
  assert.equal(roomState.line, 95);
  assert.deepEqual(roomState.online, [ADA, GRACE]);
  assert.equal(unread.count("lobby"), 2);
});

test("who has read all, or was never here, gets no line", async () => {
  await joined({ rev: 3, seq: 3, read: 3, messages: saidAll(1, 3) });
  assert.equal(roomState.line, null);
});

test("after a cut it resumes by rev, page by page, and shows each change once", async () => {
  await joined({ rev: 3, seq: 3, read: 3, messages: saidAll(1, 3) });
  line().give(said(4));
  await reconnect();
  assert.equal(commands("join")[0].after, 4);
  await joined({ rev: 8, seq: 7, read: 3, messages: saidAll(5, 6), complete: false });
  assert.equal(roomState.phase, "catching up");
  assert.equal(commands("join")[1].after, 6);
  await joined({ rev: 8, seq: 7, read: 3, messages: [said(7), said(2, { rev: 8, deleted: true, body: "" })] });
  assert.deepEqual(seqs(), [1, 2, 3, 4, 5, 6, 7]);
  assert.ok(roomState.log.at(2)?.deleted);
  assert.equal(roomState.phase, "here");
});

test("when far too much was missed it starts again", async () => {
  await joined({ rev: 3, seq: 3, read: 3, messages: saidAll(1, 3) });
  await reconnect();
  await joined({ rev: 9000, seq: 9000, read: 3, messages: saidAll(4, 203), complete: false });
  assert.equal(commands("join")[1].after, undefined);
  await joined({ rev: 9000, seq: 9000, read: 3, messages: saidAll(8951, 9000) });
  assert.equal(seqs()[0], 8951);
  assert.equal(roomState.line, 3);
});

test("a join that an older connection answered is not mixed up", async () => {
  const first = line();
  const { ref } = commands("join")[0];
  await reconnect();
  first.give({ type: "joined", ref, room: "lobby", rev: 1, seq: 1, read: 0, messages: [said(1)], complete: true });
  await settle();
  assert.equal(roomState.phase, "catching up");
});

test("messages written before the room is there wait, and go in order", async () => {
  roomState.send("one");
  roomState.send("two");
  await settle();
  line().cut(1006);
  await settle();
  time.pass(30);
  line().hello();
  await settle();
  await joined({ rev: 0, seq: 0 });
  assert.deepEqual(commands("send").map(({ body }) => body), ["one"]);
  const { id } = commands("send")[0];
  line().give(said(1, { sender: ADA, id }));
  await answer("send", { type: "ack", room: "lobby", id, seq: 1, rev: 1, duplicate: false });
  assert.deepEqual(commands("send").map(({ body }) => body), ["one", "two"]);
  assert.deepEqual(roomState.entries.map(({ body }) => body), ["two"]);
});

test("a message that arrived although the ack was lost is found in the resume", async () => {
  await joined({});
  roomState.send("once");
  await settle();
  const { id } = commands("send")[0];
  await reconnect();
  await joined({ rev: 1, seq: 1, messages: [said(1, { sender: ADA, id })] });
  assert.deepEqual(roomState.entries, []);
  assert.equal(commands("send").length, 0);
});

test("arrivals and departures move who is here, and are noted once", async () => {
  await joined({});
  line().give({ type: "presence", room: "lobby", joined: [BO], left: [], count: 3 });
  line().give({ type: "presence", room: "lobby", joined: [BO], left: [], count: 3 });
  line().give({ type: "presence", room: "lobby", joined: [], left: [GRACE.id], count: 2 });
  assert.deepEqual(roomState.online, [ADA, BO]);
  assert.deepEqual(roomState.log.notes, [{ after: 0, joined: [BO], left: [GRACE] }]);
  line().give({ type: "presence", room: "lobby", online: [ADA, LIN], count: 2 });
  assert.deepEqual(roomState.online, [ADA, LIN]);
});

test("who types is shown until he speaks or stops", async () => {
  await joined({});
  line().give({ type: "typing", room: "lobby", user: GRACE });
  line().give({ type: "typing", room: "lobby", user: BO });
  line().give({ type: "typing", room: "lobby", user: ADA });
  assert.deepEqual(roomState.typists.users.map(({ id }) => id), [GRACE.id, BO.id]);
  line().give(said(1, { sender: GRACE }));
  assert.deepEqual(roomState.typists.users.map(({ id }) => id), [BO.id]);
  time.pass(6);
  assert.equal(roomState.typists.users.length, 0);
});

test("what is read is told at once, then at most once a second, and again after a cut", async () => {
  await joined({ rev: 9, seq: 9, read: 2, messages: saidAll(1, 9) });
  for (const seq of [3, 4, 5, 4]) roomState.markRead(seq);
  assert.deepEqual(commands("read").map(({ seq }) => seq), [3]);
  time.pass(1);
  assert.deepEqual(commands("read").map(({ seq }) => seq), [3, 5]);
  assert.equal(unread.count("lobby"), 4);
  line().cut(1006);
  roomState.markRead(9);
  time.pass(30);
  line().hello();
  await settle();
  await joined({ rev: 9, seq: 9, read: 5 });
  time.pass(0);
  assert.deepEqual(commands("read").map(({ seq }) => seq), [9]);
});

test("heads that run ahead of the log for long make it ask again", async () => {
  await joined({ rev: 1, seq: 1, messages: [said(1)] });
  line().give({ type: "heads", rooms: { lobby: { rev: 2, seq: 2 } } });
  line().give(said(2));
  time.pass(6);
  assert.equal(commands("join").length, 1);
  line().give({ type: "heads", rooms: { lobby: { rev: 3, seq: 3 } } });
  time.pass(6);
  assert.deepEqual(commands("join").map(({ after }) => after), [undefined, 2]);
});

test("a room one is removed from says so and is not joined again", async () => {
  await joined({});
  line().give({ type: "left", room: "lobby", reason: "removed" });
  assert.equal(roomState.phase, "shut");
  assert.equal(roomState.trouble, "You are no longer a member of this room.");
  await reconnect();
  assert.equal(commands("join").length, 0);
});

test("a room that cannot be joined says why; a busy server is asked again", async () => {
  await answer("join", { type: "error", code: "busy", detail: "Too much at once.", retry_after: 2 });
  assert.equal(roomState.trouble, "Too much at once.");
  time.pass(2);
  assert.equal(commands("join").length, 2);
  await answer("join", { type: "error", code: "not_found", detail: "There is no such room." });
  assert.equal(roomState.phase, "shut");
  assert.equal(roomState.trouble, "There is no such room.");
});

test("older messages are read page by page until the first", async () => {
  old = saidAll(1, 70);
  await joined({ rev: 120, seq: 120, messages: saidAll(71, 120) });
  await roomState.history.loadOlder();
  assert.equal(seqs()[0], 21);
  await roomState.history.loadOlder();
  assert.equal(seqs()[0], 1);
  assert.equal(roomState.log.hasOlder, false);
});

test("looking away draws the line at the newest message; speaking takes it away", async () => {
  await joined({ rev: 2, seq: 2, read: 2, messages: saidAll(1, 2) });
  roomState.markAway();
  line().give(said(3));
  assert.equal(roomState.line, 2);
  roomState.send("me too");
  assert.equal(roomState.line, null);
});

test("the line's last word dates what is known", async () => {
  await joined({});
  time.pass(10);
  line().give({ type: "heartbeat", now: "2026-11-20T12:00:10.000Z" });
  const heard = time.now;
  time.pass(20);
  line().cut(1006);
  assert.equal(roomState.knownAt, heard);
  assert.equal(roomState.phase, "absent");
});

test("a room that was closed hears nothing more", async () => {
  await joined({});
  roomState.stop();
  line().give(said(1));
  assert.deepEqual(seqs(), []);
});

test("typing is told at most every two seconds, and once more when it goes on", async () => {
  await joined({});
  for (let key = 0; key < 5; key += 1) roomState.typing();
  assert.equal(commands("typing").length, 1);
  time.pass(2.3);
  assert.equal(commands("typing").length, 2);
  time.pass(2.3);
  assert.equal(commands("typing").length, 2);
  roomState.typing();
  roomState.typing();
  roomState.send("done");
  time.pass(3);
  assert.equal(commands("typing").length, 3);
});

test("what an unsent answer quotes is asked for once a connection, however often the page is drawn", async () => {
  await joined({ rev: 130, seq: 97, read: 97, messages: saidAll(48, 97) });
  let asked = 0;
  roomState.history.read = async () => {
    asked += 1;
    if (asked === 1) throw new Error("No.");
    return { rev: 130, seq: 97, messages: [said(5)] };
  };
  for (let drawn = 0; drawn < 10; drawn += 1) {
    assert.equal(roomState.history.quote(5), undefined);
    await settle();
  }
  assert.equal(asked, 1);
  await reconnect();
  await joined({ rev: 130, seq: 97, read: 97 });
  roomState.history.quote(5);
  await settle();
  assert.deepEqual([roomState.history.quote(5)?.seq, asked], [5, 2]);
});

test("a room that was archived is joined again, to read", async () => {
  await joined({});
  line().give({ type: "left", room: "lobby", reason: "archived" });
  assert.equal(commands("join").length, 2);
  await joined({});
  assert.equal(roomState.phase, "here");
  assert.match(roomState.readOnly, /archived: it can be read/);
  assert.equal(roomState.count, 2);
});

test("an archived room that its reader may not be in is shut", async () => {
  await joined({});
  line().give({ type: "left", room: "lobby", reason: "archived" });
  await answer("join", { type: "error", code: "not_found", detail: "There is no such room." });
  assert.equal(roomState.phase, "shut");
});

test("a closed account shuts the room for good, and says so", async () => {
  await joined({});
  line().give({ type: "error", code: "forbidden", detail: "This account is closed." });
  line().cut(4403);
  assert.equal(roomState.phase, "shut");
  assert.equal(roomState.trouble, "This account is closed.");
});

/** Another room is shown, and then this one again. */
async function leaveAndReturn(between = async () => {}) {
  roomState.leave();
  await between();
  roomState.start();
  await settle();
}

test("a room that was left keeps its log, and comes back with what has changed", async () => {
  await joined({ rev: 130, seq: 97, read: 97, messages: saidAll(48, 97) });
  await leaveAndReturn();
  assert.deepEqual(commands("leave").map(({ room }) => room), ["lobby"]);
  assert.deepEqual([roomState.phase, seqs().length], ["catching up", 50]);
  assert.equal(commands("join").at(-1).after, 130);
  await joined({ rev: 131, seq: 98, read: 97, messages: [said(98, { rev: 131 })] });
  assert.deepEqual([roomState.phase, seqs().at(-1), roomState.line], ["here", 98, 97]);
});

test("what was read elsewhere meanwhile is not new", async () => {
  await joined({ rev: 97, seq: 97, read: 97, messages: saidAll(48, 97) });
  await leaveAndReturn();
  await joined({ rev: 99, seq: 99, read: 98, messages: saidAll(98, 99) });
  assert.equal(roomState.line, 98);
});

test("events of the earlier stay leave no hole before them", async () => {
  roomState.leave(); // before its first page has come
  roomState.start();
  await settle();
  const [first, second] = commands("join");
  line().give({ ref: first.ref, type: "joined", room: "lobby", rev: 97, seq: 97, read: 97, messages: saidAll(48, 97), complete: true, online: [], count: 0 });
  line().give({ ...said(98, { rev: 98 }) });
  line().give({ type: "presence", room: "lobby", joined: [BO], left: [], count: 1 });
  await settle();
  assert.deepEqual([roomState.phase, seqs(), roomState.online], ["catching up", [], []]);
  line().give({ ref: second.ref, type: "joined", room: "lobby", rev: 98, seq: 98, read: 97, messages: saidAll(49, 98), complete: true, online: [ADA], count: 1 });
  await settle();
  assert.deepEqual([seqs().length, seqs().at(-1), roomState.log.place], [50, 98, 98]);
});

test("nothing of a room arrives while another is shown", async () => {
  await joined({ rev: 97, seq: 97, read: 97, messages: saidAll(48, 97) });
  line().give({ type: "typing", room: "lobby", user: BO });
  roomState.leave();
  let told = 0;
  roomState.onChange(() => (told += 1));
  line().give({ ...said(98, { rev: 98 }) });
  line().give({ type: "typing", room: "lobby", user: GRACE });
  line().give({ type: "presence", room: "lobby", joined: [LIN], left: [], count: 3 });
  time.pass(60);
  assert.deepEqual([told, roomState.typists.users, seqs().at(-1), time.timers.size > 0], [0, [], 97, true]);
});

test("the reader's last mark is sent before leaving", async () => {
  await joined({ rev: 97, seq: 97, read: 90, messages: saidAll(48, 97) });
  roomState.markRead(95);
  roomState.markRead(97); // within the second in which no mark is sent
  assert.deepEqual(commands("read").map(({ seq }) => seq), [95]);
  roomState.leave();
  assert.deepEqual(commands("read").map(({ seq }) => seq), [95, 97]);
  assert.deepEqual(line().sent.slice(-2).map(({ type }) => type), ["read", "leave"]);
});

test("typing works again after coming back", async () => {
  await joined({ rev: 97, seq: 97, read: 97, messages: saidAll(48, 97) });
  roomState.typing();
  await leaveAndReturn();
  await joined({ rev: 97, seq: 97, read: 97 });
  roomState.typing();
  assert.equal(commands("typing").length, 2);
});

test("a room left while the connection is down says up to when it is complete", async () => {
  await joined({ rev: 97, seq: 97, read: 97, messages: saidAll(48, 97) });
  roomState.leave();
  line().cut(1006);
  roomState.start();
  assert.ok(roomState.knownAt);
  assert.deepEqual([roomState.phase, seqs().length, commands("leave").length], ["absent", 50, 1]);
});

test("who comes and goes is told in a small room only", async () => {
  await joined({ rev: 97, seq: 97, read: 97, messages: saidAll(48, 97), online: [ADA], count: 9 });
  line().give({ type: "presence", room: "lobby", joined: [BO], left: [], count: 10 });
  line().give({ type: "presence", room: "lobby", joined: [LIN], left: [], count: 11 });
  assert.deepEqual(roomState.log.notes, [{ after: 97, joined: [BO], left: [] }]);
});
