import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { OutboxStore } from "chat/outbox/outbox-store.js";
import { Outbox } from "chat/outbox/outbox.js";
import { ADA } from "../../messages.js";
import { FakeTime, settle } from "../../fakes.js";

/** @typedef {import("chat/outbox/outbox.js").Entry} Entry */

/** @type {FakeTime} */
let time;
/** @type {Map<string, any>} */
let disk;
/** @type {Set<string>} calls that get no answer at all */
let mute;
/** @type {Set<string>} calls that throw */
let broken;

/** A request that succeeds with what `act` returns, unless calls of this name are mute. */
function request(/** @type {string} */ name, /** @type {() => any} */ act) {
  if (broken.has(name)) throw new Error(`${name} is broken`);
  const made = /** @type {any} */ ({ onsuccess: null, onerror: null });
  setImmediate(() => {
    if (mute.has(name)) return;
    made.result = act();
    made.onsuccess?.();
  });
  return made;
}

const table = {
  getAll: () => request("getAll", () => [...disk.values()]),
  put: (/** @type {Entry} */ entry) => request("put", () => disk.set(entry.id, entry)),
  delete: (/** @type {string} */ id) => request("delete", () => disk.delete(id)),
};
const open = () => request("open", () => ({ transaction: () => ({ objectStore: () => table }) }));
const makeStore = () => new OutboxStore({ open, timers: time });

/** Run everything that is ready, over several turns of the event loop, since each request is answered in its own turn. */
const rest = async () => {
  for (let turn = 0; turn < 6; turn += 1) await settle();
};

beforeEach(() => {
  time = new FakeTime();
  disk = new Map();
  mute = new Set();
  broken = new Set();
});

test("what is kept is there for the next page", async () => {
  await makeStore().put(/** @type {any} */ ({ id: "a" }));
  const store = makeStore();
  assert.deepEqual(await store.all(), [{ id: "a" }]);
  await store.remove("a");
  assert.deepEqual([await store.all(), store.isLost, time.timers.size], [[], false, 0]);
});

for (const name of ["open", "getAll", "put", "delete"]) {
  for (const how of ["mute", "broken"]) {
    test(`${name} that is ${how} holds up nothing: messages go out, and the page says that they are not kept`, async () => {
      ({ mute, broken })[/** @type {"mute"} */ (how)].add(name);
      const store = makeStore();
      const sent = /** @type {string[]} */ ([]);
      const deliver = async (/** @type {Entry} */ { body }) => ({ seq: sent.push(body) });
      /** @type {(name: string, act: () => Promise<any>) => Promise<any>} */
      const alone = (_name, act) => act();
      const outbox = new Outbox({ user: ADA.id, store, deliver, alone, now: () => time.now, timers: time });
      let told = 0;
      outbox.onChange(() => (told += store.isLost ? 1 : 0));
      outbox.flushAll();
      for (const body of ["one", "two", "three"]) outbox.add("lobby", body);
      await rest();
      time.pass(2);
      await rest();
      time.pass(2); // the first late request was not for the message
      await rest();
      assert.deepEqual(sent, ["one", "two", "three"]);
      assert.ok(store.isLost && told);
      outbox.add("lobby", "four");
      await settle();
      assert.equal(sent.length, 4, "it is asked no more");
    });
  }
}

test("what is discarded goes from a store that was only late", async () => {
  await makeStore().put(/** @type {any} */ ({ id: "a" }));
  const store = makeStore();
  mute.add("getAll");
  const all = store.all();
  await rest();
  time.pass(2);
  assert.deepEqual(await all, []);
  await store.remove("a");
  await rest();
  assert.equal(disk.size, 0);
});
