import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Outbox, uuid } from "chat/outbox.js";
import { ADA, BO } from "./cast.js";
import { FakeTime, settle } from "./fakes.js";

/** @typedef {import("chat/outbox.js").Entry} Entry */

/** @type {Map<string, Entry>} what outlives the tab */
let disk;
/** @type {FakeTime} */
let time;
/** @type {{entry: Entry, ack: (seq: number) => Promise<unknown>, refuse: (error: object) => Promise<unknown>}[]} */
let deliveries;

/** A tab of Ada's browser. */
function openTab(user = ADA.id) {
  const store = {
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
  const outbox = new Outbox({ user, store, deliver, now: () => time.now, timers: time });
  outbox.open.add("lobby");
  return outbox;
}

/** @type {Outbox} */
let outbox;
const states = () => outbox.entries.map(({ body, state }) => `${body} ${state}`);
const sent = () => deliveries.map(({ entry }) => entry.body);

beforeEach(() => {
  disk = new Map();
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
  outbox.arrived({ sender: ADA, id: deliveries[0].entry.id });
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
  await deliveries[1].ack(1);
  assert.deepEqual(sent(), ["a", "a", "b"]);
  assert.equal(deliveries[0].entry.id, deliveries[1].entry.id);
});

test("what a closed tab left unsent goes out with the next one, once", async () => {
  outbox.add("lobby", "a");
  outbox.add("lobby", "b");
  await settle();
  outbox = openTab();
  await outbox.load();
  await outbox.load();
  assert.deepEqual(states(), ["a queued", "b queued"]);
  outbox.flush("lobby");
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
  outbox.arrived({ sender: ADA, id: deliveries[0].entry.id });
  await deliveries[0].ack(1);
  assert.deepEqual(states(), []);
});

test("the same id of somebody else is somebody else's", async () => {
  outbox.add("lobby", "a");
  await settle();
  outbox.arrived({ sender: BO, id: deliveries[0].entry.id });
  assert.deepEqual(states(), ["a sending"]);
});

test("without storage messages are sent all the same", async () => {
  outbox.store = { ...outbox.store, put: () => Promise.reject(new Error("full")), remove: () => Promise.reject(new Error("off")) };
  outbox.add("lobby", "a");
  await settle();
  await deliveries[0].ack(1);
  assert.deepEqual(states(), ["a sent"]);
});

test("ids are version 4 UUIDs", () => {
  assert.match(uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.notEqual(uuid(), uuid());
});
