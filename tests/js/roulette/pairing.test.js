import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Pairing } from "roulette/pairing.js";
import { Socket } from "realtime/socket.js";
import { SafeStorage } from "web/storage.js";
import { GRACE, LIN } from "../messages.js";
import { FakePage, FakeTime, FakeWebSocket, nobody, settle } from "../fakes.js";

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
async function openPage(/** @type {any} */ ownStorage = null) {
  const socket = new Socket("/ws/chat/", { person: nobody(), WebSocket: FakeWebSocket, page: new FakePage(), timers: time });
  const storage = ownStorage ?? {
    getItem: (/** @type {string} */ key) => kept.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => void kept.set(key, value),
    removeItem: (/** @type {string} */ key) => void kept.delete(key),
  };
  const openRoom = (/** @type {string} */ room) => {
    const roomState = { room, stopped: false, entries: [], stop: () => (roomState.stopped = true) };
    opened.push(roomState);
    return /** @type {any} */ (roomState);
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

test("a partner who leaves or goes on has left", async () => {
  for (const reason of ["partner_left", "next"]) {
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
  assert.equal(pairing.phase, "talking");
  await ok();
  assert.deepEqual([pairing.phase, pairing.waiting], ["waiting", 0]);
  waiting();
  assert.equal(pairing.phase, "waiting");
  assert.equal(pairing.roomState, null);
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
  await ok();
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

// Whatever the order in which answers and events come

/**
 * All orders of these.
 * @template T
 * @param {T[]} things
 * @returns {T[][]}
 */
function orders(things) {
  if (things.length < 2) return [things];
  return things.flatMap((first, index) => orders(things.toSpliced(index, 1)).map((rest) => [first, ...rest]));
}

/** @type {Record<string, () => unknown>} what the server says after "next" in the talk r-1 */
const words = { ok, ended: () => ended("next"), waiting: () => waiting(), paired: () => paired("r-2", GRACE) };

for (const order of orders(Object.keys(words))) {
  test(`next, and then ${order.join(", ")}`, async () => {
    await talk();
    pairing.next();
    for (const [index, word] of order.entries()) {
      await words[word]();
      const heard = order.slice(0, index + 1);
      const last = heard.filter((each) => each === "waiting" || each === "paired").at(-1);
      // Waiting after paired never comes from our server: the page believes it, and leaves.
      const away = last === "waiting" && heard.includes("paired");
      assert.equal(pairing.roomState?.room === "r-2" && !away, last === "paired");
      assert.equal(pairing.phase === "talking", last === "paired" || !heard.some((each) => each !== "ended"));
      assert.equal(pairing.trouble, "");
      if (heard.includes("ok") && last !== "paired") assert.ok(opened[0].stopped, "no dead talk is shown");
      if (away) assert.equal(asked().at(-1), "roulette.leave");
    }
    if (order.indexOf("waiting") < order.indexOf("paired")) {
      assert.deepEqual([pairing.phase, pairing.partner], ["talking", GRACE]);
      assert.ok(!asked().includes("roulette.leave"));
    }
  });
}

for (const order of orders(["ok", "waiting", "paired"]).filter((each) => each.indexOf("waiting") < each.indexOf("paired"))) {
  for (const before of ["the start", "the end of a talk"]) {
    test(`after ${before}, a seat and then ${order.join(", ")}`, async () => {
      if (before === "the start") pairing.start([]);
      else {
        await talk();
        await ended();
        pairing.next();
        pairing.next();
        assert.equal(asked().filter((type) => type === "roulette.enter").length, 2, "one for each talk");
      }
      await settle();
      for (const word of order) await words[word]();
      assert.deepEqual([pairing.phase, pairing.roomState?.room, pairing.trouble], ["talking", "r-2", ""]);
    });
  }
}

const refuse = async (code = "busy") => {
  line().give({ type: "error", ref: line().sent.at(-1).ref, code, detail: "Not now." });
  await settle();
};

test("when next is refused and the partner has left meanwhile, the talk is over", async () => {
  await talk();
  pairing.next();
  await ended("partner_left");
  await refuse();
  assert.deepEqual([pairing.phase, pairing.word, pairing.trouble], ["ended", "Lin left.", "Not now."]);
});

test("when next is refused the talk goes on, and next can be pressed again", async () => {
  await talk();
  pairing.next();
  pairing.next();
  assert.equal(asked().filter((type) => type === "roulette.next").length, 1);
  await refuse();
  assert.deepEqual([pairing.phase, pairing.trouble], ["talking", "Not now."]);
  pairing.next();
  await ok();
  assert.equal(pairing.phase, "waiting");
});

test("when the line breaks after next, its return says what came of it", async () => {
  for (const comes of ["waiting", "paired"]) {
    await openPage();
    await talk();
    pairing.next();
    line().cut(1006);
    await settle();
    time.pass(5);
    line().hello();
    await settle();
    assert.deepEqual(asked(), ["roulette.enter"]);
    await ok();
    if (comes === "waiting") waiting();
    else paired("r-1");
    assert.equal(pairing.phase, comes === "waiting" ? "waiting" : "talking");
    assert.ok(!asked().includes("roulette.leave"));
  }
});

test("a partner who leaves while we block is blocked only when the server says so", async () => {
  await talk();
  pairing.block();
  await ended("partner_left");
  assert.deepEqual([pairing.phase, pairing.word], ["ended", "Lin left."]);
  await refuse();
  assert.deepEqual([pairing.word, pairing.trouble], ["Lin left.", "Not now."]);
  pairing.block();
  await ok();
  assert.match(pairing.word, /^You blocked Lin/);
});

test("what the server says of a seat that was left does not count for the next one", async () => {
  await talk();
  pairing.stop();
  pairing.start([]);
  waiting();
  await settle();
  assert.equal(pairing.phase, "checking");
  assert.deepEqual(asked().slice(-2), ["roulette.leave", "roulette.enter"]);
  const [leave, enter] = line().sent.slice(-2);
  paired("r-1");
  line().give({ type: "ok", ref: leave.ref });
  await settle();
  line().give({ type: "ok", ref: enter.ref });
  await settle();
  waiting();
  assert.deepEqual([pairing.phase, pairing.roomState], ["waiting", null]);
});

test("a seat that we do not want is left, so that nobody is paired with an empty page", async () => {
  pairing.start([]);
  await settle();
  await refuse("internal");
  assert.equal(pairing.phase, "idle");
  waiting();
  paired("r-1");
  assert.deepEqual(asked(), ["roulette.enter", "roulette.leave"]);
  assert.deepEqual([pairing.phase, opened], ["idle", []]);
});

test("who goes on in another tab is told so, in a talk and while waiting", async () => {
  await talk();
  await ended("elsewhere");
  assert.deepEqual([pairing.phase, pairing.word], ["ended", "You went on in another tab or on another device."]);
  await openPage();
  pairing.start([]);
  await settle();
  await ok();
  waiting();
  line().give({ type: "roulette.ended", room: null, reason: "elsewhere" });
  assert.deepEqual([pairing.phase, pairing.trouble], ["idle", "You went on in another tab or on another device."]);
});

test("a seat that is lost while waiting leads back to the start, not to an empty talk", async () => {
  pairing.start([]);
  await settle();
  await ok();
  line().cut(1006);
  time.pass(5);
  line().hello();
  await settle();
  await refuse("conflict");
  assert.deepEqual([pairing.phase, pairing.trouble], ["idle", "Not now."]);
});

test("storage that throws, even by its name, keeps nothing and breaks nothing", async () => {
  const off = () => {
    throw new DOMException("Storage is off.", "SecurityError");
  };
  for (const open of [off, () => ({ getItem: off, setItem: off, removeItem: off })]) {
    await openPage(new SafeStorage(open));
    pairing.comeBack();
    await talk();
    pairing.goAway();
    assert.equal(pairing.phase, "talking");
  }
});

test("what is kept by an older or another page is done without", async () => {
  for (const text of ["{", "7", '{"at": 1}', '{"tags": "tea", "at": 9e15}']) {
    kept.set("roulette", text);
    await openPage();
    pairing.comeBack();
    assert.equal(pairing.phase, "idle");
  }
});
