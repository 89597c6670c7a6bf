import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { farewell } from "web/another-person.js";
import { Person } from "realtime/person.js";
import { Disconnected } from "realtime/errors.js";
import { ANOTHER_PERSON, Socket } from "realtime/socket.js";
import { ADA, BO, LIN } from "../messages.js";
import { FakePage, FakeTime, FakeWebSocket } from "../fakes.js";

/** @type {Person} */
let person;
/** @type {FakeTime} */
let time;
const line = () => FakeWebSocket.newest;
const open = (path = "/ws/chat/") => {
  const socket = new Socket(path, { person, WebSocket: FakeWebSocket, page: new FakePage(), timers: time, random: () => 0.5 });
  socket.open();
  return socket;
};

beforeEach(() => {
  FakeWebSocket.lines = [];
  time = new FakeTime();
  person = new Person(ADA);
});

test("a socket says for whom it is, or there is none", () => {
  assert.throws(() => new Socket("/ws/chat/", /** @type {any} */ ({ WebSocket: FakeWebSocket })), TypeError);
});

test("a line that comes back as somebody else's says nothing, and stops for good", async () => {
  const socket = open();
  line().hello({ user: ADA });
  const heard = /** @type {string[]} */ ([]);
  socket.on("hello", () => heard.push("hello"));
  socket.on("state", ({ phase }) => phase === "live" && socket.send({ type: "typing", room: "lobby" }));
  line().cut(1006);
  time.pass(1);
  line().hello({ user: BO });
  line().give({ type: "heads", rooms: {} });
  assert.deepEqual([heard, line().sent, line().hungUp], [[], [], true]);
  assert.equal(socket.state.phase, "stopped");
  assert.equal(socket.state.code, ANOTHER_PERSON);
  await assert.rejects(socket.request({ type: "send", room: "lobby" }), Disconnected);
  socket.retry();
  socket.open();
  time.pass(600);
  assert.equal(FakeWebSocket.lines.length, 2);
});

test("one socket that meets somebody else stops all of the page, and those it opens later", () => {
  const [chat, chatLine] = [open(), line()];
  const [boards, boardsLine] = [open("/ws/boards/"), line()];
  chatLine.hello({ user: ADA });
  boardsLine.hello({ user: null });
  assert.deepEqual([chat.state.phase, boards.state.phase], ["stopped", "stopped"]);
  assert.ok(chatLine.hungUp);
  assert.equal(open().state.phase, "stopped");
  assert.equal(FakeWebSocket.lines.length, 2);
});

test("a page of nobody stops when somebody is signed in", () => {
  person = new Person(null);
  const socket = open();
  line().hello({ user: BO });
  assert.equal(socket.state.phase, "stopped");
});

test("who was renamed is still the same", () => {
  const socket = open();
  line().hello({ user: { ...ADA, name: "Ada M." } });
  assert.ok(socket.live);
});

test("who is signed out is looked up: somebody else may have signed in since", async () => {
  person = new Person(ADA, async () => BO);
  open();
  line().hello({ user: ADA });
  line().cut(4401);
  await null;
  await null;
  await null;
  assert.equal(person.other, BO);
});

test("who signs in after that is told, too, and the page stays stopped", () => {
  const told = /** @type {unknown[]} */ ([]);
  person.onGone(() => told.push(person.other));
  for (const user of [ADA, null, null, BO, BO, ADA]) person.meets(user);
  assert.deepEqual(told, [null, BO, ADA]);
  assert.equal(person.meets(ADA), false);
});

test("a server that cannot be asked changes nothing", async () => {
  person = new Person(ADA, () => Promise.reject(new TypeError("fetch failed")));
  await person.check();
  assert.equal(person.isGone, false);
});

test("the page says who is signed in now, and what becomes of what was written", () => {
  assert.deepEqual(farewell(ADA, BO), {
    now: "You are signed in as Bo in this browser now.",
    was: "This page was for Ada Moor. What Ada Moor had written is kept here until Ada Moor signs in again.",
    action: "Go on as Bo",
  });
  assert.equal(farewell(ADA, null).now, "You are signed out in this browser.");
  assert.match(farewell(LIN, null).was, /was a guest and cannot come back/);
});
