import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Pairing } from "chat/pairing.js";
import { Socket } from "realtime/socket.js";
import { GRACE, LIN } from "./cast.js";
import { FakePage, FakeTime, FakeWebSocket, nobody, settle } from "./fakes.js";

/** @type {FakeTime} */
let time;
/** @type {Pairing} */
let pairing;
/** @type {any[]} rooms that were opened */
let opened;
/** @type {() => Promise<number>} */
let check;
/** @type {Map<string, string>} the tab's storage */
let kept;

const line = () => FakeWebSocket.newest;
const asked = () => line().sent.map(({ type }) => type);

const ok = async () => {
  line().give({ type: "ok", ref: line().sent.at(-1).ref });
  await settle();
};
const waiting = (position = 1, all = 1) => line().give({ type: "roulette.waiting", position, waiting: all });
const paired = (room = "r-1", partner = LIN) => line().give({ type: "roulette.paired", room, partner });
const ended = async (reason = "partner_left", room = "r-1") => {
  line().give({ type: "roulette.ended", room, reason });
  await settle();
};

/** This person's page, as after a load. */
async function openPage() {
  const socket = new Socket("/ws/chat/", { person: nobody(), WebSocket: FakeWebSocket, page: new FakePage(), timers: time });
  const storage = {
    getItem: (/** @type {string} */ key) => kept.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => void kept.set(key, value),
    removeItem: (/** @type {string} */ key) => void kept.delete(key),
  };
  const openRoom = (/** @type {string} */ room) => {
    const session = { room, stopped: false, entries: [], stop: () => (session.stopped = true) };
    opened.push(session);
    return /** @type {any} */ (session);
  };
  pairing = new Pairing({ socket, openRoom, check: () => check(), storage, now: () => time.now });
  socket.open();
  line().hello();
  await settle();
}

async function talk() {
  pairing.start(["tea"]);
  await settle();
  await ok();
  waiting();
  paired();
}

beforeEach(async () => {
  FakeWebSocket.lines = [];
  time = new FakeTime();
  opened = [];
  kept = new Map();
  check = async () => 12;
  await openPage();
});

test("the connection is checked before a seat is taken", async () => {
  pairing.start(["tea"]);
  assert.equal(pairing.phase, "checking");
  await settle();
  assert.deepEqual(line().sent.map(({ type, tags }) => [type, tags]), [["roulette.enter", ["tea"]]]);
  await ok();
  waiting(2, 3);
  assert.deepEqual([pairing.phase, pairing.position, pairing.waiting], ["waiting", 2, 3]);
});

test("without an echo nobody is asked to wait", async () => {
  check = async () => {
    throw new Error("No echo.");
  };
  await pairing.start([]);
  assert.equal(pairing.phase, "idle");
  assert.match(pairing.trouble, /do not come through/);
  assert.deepEqual(asked(), []);
});

test("stopping during the check takes no seat", async () => {
  /** @type {(milliseconds: number) => void} */
  let come = () => {};
  check = () => new Promise((resolve) => (come = resolve));
  pairing.start([]);
  pairing.stop();
  come(5);
  await settle();
  assert.ok(!asked().includes("roulette.enter"));
  assert.equal(pairing.phase, "idle");
});

test("who is in another tab already is told so", async () => {
  pairing.start([]);
  await settle();
  const { ref } = line().sent.at(-1);
  line().give({ type: "error", ref, code: "conflict", detail: "You are in roulette in another tab." });
  await settle();
  assert.equal(pairing.phase, "idle");
  assert.equal(pairing.trouble, "You are in roulette in another tab.");
});

test("a pair talks in a room of its own", async () => {
  await talk();
  assert.equal(pairing.phase, "talking");
  assert.deepEqual(pairing.partner, LIN);
  assert.deepEqual(opened.map(({ room }) => room), ["r-1"]);
});

test("a partner who leaves, goes on or blocks has simply left", async () => {
  for (const reason of ["partner_left", "next", "blocked", "reported"]) {
    await openPage();
    await talk();
    await ended(reason);
    assert.equal(pairing.phase, "ended");
    assert.equal(pairing.word, "Lin left.");
    assert.ok(opened.at(-1).stopped);
  }
});

test("after that, next takes a new seat with the same topics", async () => {
  await talk();
  await ended();
  pairing.next();
  assert.deepEqual(line().sent.at(-1).tags, ["tea"]);
  await ok();
  assert.equal(pairing.phase, "waiting");
  paired("r-2", GRACE);
  assert.deepEqual(pairing.partner, GRACE);
});

test("next while talking goes straight to waiting", async () => {
  await talk();
  pairing.next();
  assert.equal(asked().at(-1), "roulette.next");
  await ended("next");
  await ok();
  assert.equal(pairing.phase, "talking");
  waiting();
  assert.equal(pairing.phase, "waiting");
  assert.equal(pairing.session, null);
});

test("stop leaves, whatever comes after", async () => {
  await talk();
  pairing.stop();
  assert.equal(asked().at(-1), "roulette.leave");
  waiting();
  paired("r-2");
  assert.equal(pairing.phase, "idle");
  assert.equal(opened.length, 1);
});

test("who blocks or reports is told what that means", async () => {
  await talk();
  pairing.block();
  await ended("blocked");
  assert.equal(pairing.word, "You blocked Lin. You will not be paired again.");
  await openPage();
  await talk();
  pairing.report("rude");
  assert.equal(line().sent.at(-1).reason, "rude");
  await ended("reported");
  assert.match(pairing.word, /report about Lin/);
});

test("a partner who has left can still be reported", async () => {
  await talk();
  await ended();
  pairing.report("rude");
  await settle();
  assert.equal(asked().at(-1), "roulette.report");
  await ok();
  assert.match(pairing.word, /^Thank you/);
  assert.equal(pairing.phase, "ended");
});

test("after a cut the same talk goes on", async () => {
  await talk();
  line().cut(1006);
  time.pass(5);
  line().hello();
  await settle();
  assert.deepEqual(asked(), ["roulette.enter"]);
  await ok();
  paired();
  assert.equal(pairing.phase, "talking");
  assert.equal(opened.length, 1);
});

test("a cut that lasted too long ends the talk, and nobody is paired unasked", async () => {
  await talk();
  line().cut(1006);
  time.pass(30);
  line().hello();
  await settle();
  await ok();
  waiting();
  assert.equal(pairing.phase, "ended");
  assert.match(pairing.word, /too long/);
  assert.equal(asked().at(-1), "roulette.leave");
});

test("a reload keeps the seat", async () => {
  await talk();
  pairing.goAway();
  time.pass(3);
  await openPage();
  pairing.comeBack();
  await settle();
  assert.deepEqual(line().sent.map(({ tags }) => tags), [["tea"]]);
  paired();
  assert.equal(pairing.phase, "talking");
});

test("coming back later does not", async () => {
  await talk();
  pairing.goAway();
  time.pass(9);
  await openPage();
  pairing.comeBack();
  assert.equal(pairing.phase, "idle");
  pairing.goAway();
  assert.equal(kept.size, 0);
});
