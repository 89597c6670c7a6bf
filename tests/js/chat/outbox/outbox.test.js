import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Outbox } from "chat/outbox/outbox.js";
import { ADA, BO, said } from "../../messages.js";
import { FakeTime, settle } from "../../fakes.js";

/** @typedef {import("chat/outbox/outbox.js").Entry} Entry */

/** @type {Map<string, Entry>} what outlives the tab */
let disk;
/** @type {FakeTime} */
let time;
/** @type {{entry: Entry, ack: (seq: number) => Promise<unknown>, refuse: (error: object) => Promise<unknown>}[]} */
let deliveries;

/** @type {((news: any) => void)[]} tabs that listen to each other */
let tabs;

/** A tab of Ada's browser. */
function openTab(user = ADA.id) {
  const store = {
    isLost: false,
    onLost: () => {},
    all: async () => [...disk.values()],
    put: async (/** @type {Entry} */ entry) => disk.set(entry.id, entry),
    remove: async (/** @type {string} */ id) => disk.delete(id),
  };
  const deliver = (/** @type {Entry} */ entry) =>
    /** @type {Promise<{seq: number}>} */ (
      new Promise((resolve, reject) => {
        deliveries.push({
          entry: { ...entry },
          ack: (seq) => (resolve({ seq }), settle()),
          refuse: (error) => (reject(Object.assign(new Error("No."), error)), settle()),
        });
      })
    );
  /** @type {(news: any) => void} */
  let hear = () => {};
  const channel = {
    tell: (/** @type {any} */ news) => tabs.filter((tab) => tab !== hear).forEach((tab) => tab(news)),
    listen: (/** @type {(news: any) => void} */ own) => void tabs.push((hear = own)),
  };
  const outbox = new Outbox({ user, store, deliver, channel, alone, now: () => time.now, timers: time });
  outbox.open.add("lobby");
  return outbox;
}

/** Locks for all tabs of the test, by name. @type {Map<string, Promise<unknown>>} */
let locks;
/** @type {typeof import("chat/outbox/outbox-tabs.js").alone} */
const alone = (name, act) => {
  const mine = (locks.get(name) ?? Promise.resolve()).then(act);
  locks.set(name, mine.catch(() => {}));
  return mine;
};
/** The tab that held them has closed. */
const freeLocks = () => locks.clear();

/** @type {Outbox} */
let outbox;
const states = () => outbox.entries.map(({ body, state }) => `${body} ${state}`);
const sent = () => deliveries.map(({ entry }) => entry.body);

beforeEach(() => {
  disk = new Map();
  tabs = [];
  locks = new Map();
  time = new FakeTime();
  deliveries = [];
  outbox = openTab();
});

test("a message is kept, sent, and let go when the server has it", async () => {
  outbox.add("lobby", "hello");
  assert.deepEqual(states(), ["hello queued"]);
  await settle();
  assert.deepEqual(states(), ["hello sending"]);
  assert.equal(disk.size, 1);
  await deliveries[0].ack(7);
  assert.deepEqual(states(), ["hello sent"]);
  assert.equal(disk.size, 0);
  outbox.arrived({ sender: ADA, id: deliveries[0].entry.id, seq: 1 });
  assert.deepEqual(states(), []);
});

test("messages go one after the other, in the order they were written", async () => {
  for (const body of ["a", "b", "c"]) outbox.add("lobby", body);
  await settle();
  assert.deepEqual(sent(), ["a"]);
  await deliveries[0].ack(1);
  await deliveries[1].ack(2);
  assert.deepEqual(sent(), ["a", "b", "c"]);
});

test("a message whose fate is unknown goes again under the same id, and before later ones", async () => {
  outbox.add("lobby", "a");
  outbox.add("lobby", "b");
  await settle();
  await deliveries[0].refuse({ message: "The connection was lost." });
  assert.deepEqual(states(), ["a queued", "b queued"]);
  outbox.flush("lobby");
  await settle();
  await deliveries[1].ack(1);
  assert.deepEqual(sent(), ["a", "a", "b"]);
  assert.equal(deliveries[0].entry.id, deliveries[1].entry.id);
});

test("what a closed tab left unsent goes out with the next one, once", async () => {
  outbox.add("lobby", "a");
  outbox.add("lobby", "b");
  await settle();
  freeLocks();
  outbox = openTab();
  await outbox.load();
  await outbox.load();
  assert.deepEqual(states(), ["a queued", "b queued"]);
  outbox.flush("lobby");
  await settle();
  await deliveries[1].ack(1);
  await deliveries[2].ack(2);
  assert.deepEqual(sent(), ["a", "a", "b"]);
  assert.equal(disk.size, 0);
});

test("another person on the same browser neither sees nor sends them", async () => {
  outbox.add("lobby", "secret");
  await settle();
  outbox = openTab(BO.id);
  await outbox.load();
  assert.deepEqual(states(), []);
  assert.equal(disk.size, 1);
});

test("a message from yesterday is not sent without asking", async () => {
  outbox.add("lobby", "lunch?");
  await settle();
  time.suspend(25 * 3600);
  freeLocks();
  outbox = openTab();
  await outbox.load();
  assert.deepEqual(states(), ["lunch? failed"]);
  outbox.retry(outbox.entries[0].id);
  await settle();
  assert.deepEqual(states(), ["lunch? sending"]);
});

test("when the server asks to wait, it goes on by itself after that", async () => {
  outbox.add("lobby", "a");
  await settle();
  await deliveries[0].refuse({ code: "rate_limited", retryAfter: 3 });
  assert.deepEqual(states(), ["a queued"]);
  outbox.flush("lobby");
  time.pass(2.9);
  await settle();
  assert.equal(deliveries.length, 1);
  time.pass(0.1);
  await settle();
  assert.equal(deliveries.length, 2);
});

test("a refused message says why, holds up no other, and can be tried again or given up", async () => {
  outbox.add("lobby", "a");
  outbox.add("lobby", "b");
  await settle();
  await deliveries[0].refuse({ code: "forbidden", message: "You are not a member of this room." });
  assert.deepEqual(states(), ["a failed", "b sending"]);
  assert.equal(outbox.entries[0].reason, "You are not a member of this room.");
  await deliveries[1].ack(1);
  outbox.retry(outbox.entries[0].id);
  await settle();
  await deliveries[2].refuse({ code: "forbidden" });
  await outbox.discard(outbox.entries[0].id);
  assert.equal(disk.size, 0);
});

test("a server with trouble of its own is asked five times", async () => {
  outbox.add("lobby", "a");
  for (let turn = 0; turn < 5; turn += 1) {
    await settle();
    await deliveries[turn].refuse({ code: "internal" });
    time.pass(10);
  }
  await settle();
  assert.deepEqual(states(), ["a failed"]);
  assert.equal(deliveries.length, 5);
});

test("rooms do not wait for each other", async () => {
  outbox.add("lobby", "a");
  outbox.add("deploys", "b");
  await settle();
  assert.deepEqual(sent(), ["a", "b"]);
  await deliveries[1].ack(1);
  assert.deepEqual(states(), ["a sending"], "a room that is not shown keeps no sent messages");
});

test("the event may come before the ack", async () => {
  outbox.add("lobby", "a");
  await settle();
  outbox.arrived({ sender: ADA, id: deliveries[0].entry.id, seq: 1 });
  await deliveries[0].ack(1);
  assert.deepEqual(states(), []);
});

test("the same id of somebody else is somebody else's", async () => {
  outbox.add("lobby", "a");
  await settle();
  outbox.arrived({ sender: BO, id: deliveries[0].entry.id, seq: 1 });
  assert.deepEqual(states(), ["a sending"]);
});

test("without storage messages are sent all the same", async () => {
  outbox.store = { ...outbox.store, isLost: true, all: async () => [], put: async () => {}, remove: async () => {} };
  outbox.add("lobby", "a");
  await settle();
  assert.ok(outbox.wouldLose);
  await deliveries[0].ack(1);
  assert.deepEqual(states(), ["a sent"]);
  assert.ok(!outbox.wouldLose);
});

test("an open tab sends what another one could not, and that one learns of it", async () => {
  const [here, there] = [outbox, openTab()];
  there.open.clear();
  here.add("lobby", "a");
  await settle();
  await deliveries[0].refuse({ message: "The connection was lost." });
  time.pass(3);
  await settle();
  assert.deepEqual(there.entries.map(({ body }) => body), ["a"], "it is on its way from the other tab");
  await deliveries[1].ack(7);
  assert.deepEqual([states(), there.entries, disk.size], [["a sent"], [], 0]);
  assert.equal(here.entries[0].seq, 7);
  time.pass(60);
  await settle();
  assert.equal(deliveries.length, 2);
});

test("a message that its own tab sends is not sent by others", async () => {
  openTab();
  outbox.add("lobby", "a");
  await settle();
  await deliveries[0].ack(1);
  time.pass(60);
  await settle();
  assert.equal(deliveries.length, 1);
});

test("two tabs that find the same messages send each of them once", async () => {
  for (const body of ["a", "b"]) disk.set(body, { ...entryOf("lobby", body), id: body });
  const [one, two] = [openTab(), openTab()];
  one.flushAll();
  two.flushAll();
  await settle();
  await deliveries[0].ack(1);
  await deliveries[1].ack(2);
  await settle();
  assert.deepEqual(sent(), ["a", "b"]);
  assert.deepEqual([one, two].map((tab) => tab.entries.filter(({ state }) => state !== "sent")), [[], []]);
});

test("what was discarded in one tab is sent by none", async () => {
  const there = openTab();
  outbox.add("lobby", "a");
  await settle();
  await deliveries[0].refuse({ message: "The connection was lost." });
  await there.load();
  await there.discard(there.entries[0].id);
  assert.deepEqual(states(), []);
  time.pass(60);
  await settle();
  assert.equal(deliveries.length, 1);
});

test("an older look at the store brings back nothing that is done with", async () => {
  outbox.add("lobby", "a");
  await settle();
  const old = [...disk.values()];
  outbox.store.all = async () => old;
  await deliveries[0].ack(1);
  outbox.arrived({ ...said(1), sender: ADA, id: deliveries[0].entry.id });
  await outbox.load();
  assert.deepEqual(states(), []);
});

test("a message that is tried again stays so, whatever the store said before", async () => {
  disk.set("a", { ...entryOf("lobby", "a"), state: "failed", reason: "No." });
  await outbox.load();
  const old = [...disk.values()];
  outbox.store.all = async () => old;
  const id = outbox.entries[0].id;
  const loading = outbox.load();
  const trying = outbox.retry(id);
  await loading;
  assert.deepEqual(states(), ["a queued"]);
  outbox.store.all = async () => [...disk.values()];
  await settle();
  await deliveries[0].ack(1);
  await trying;
});

test("a page of any room sends what waits for all", async () => {
  for (const room of ["attic", "lobby"]) disk.set(room, { ...entryOf(room, room), id: room });
  outbox.flushAll();
  await settle();
  assert.deepEqual(sent().sort(), ["attic", "lobby"]);
});

test("what could not be sent is tried again by itself", async () => {
  outbox.add("attic", "a");
  await settle();
  await deliveries[0].refuse({ message: "fetch failed" });
  time.pass(3.5);
  await settle();
  assert.equal(deliveries.length, 2);
});

for (const code of ["another_person", "sign_in"]) {
  test(`a message that is refused with ${code} is kept for its owner`, async () => {
    outbox.add("lobby", "a");
    await settle();
    await deliveries[0].refuse({ code });
    assert.deepEqual(states(), ["a queued"]);
    time.pass(600);
    await settle();
    assert.deepEqual([deliveries.length, disk.size], [1, 1]);
  });
}

/** @returns {Entry} what an earlier page has left */
function entryOf(/** @type {string} */ room, /** @type {string} */ body) {
  return { id: body, user: ADA.id, room, body, replyTo: null, at: time.now, state: "queued", reason: "", seq: null };
}
