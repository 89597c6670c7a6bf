import assert from "node:assert/strict";
import { test } from "node:test";
import { alone, openChannel } from "chat/outbox/outbox-tabs.js";
import { pretend } from "../../pages.js";

const waitsTooLong = () => Promise.reject(new DOMException("too long", "TimeoutError"));

test("it acts while it has the lock, and says what came of it", async () => {
  /** @type {string[]} */
  const order = [];
  const locks = /** @type {any} */ ({
    request: async (/** @type {string} */ name, /** @type {any} */ _, /** @type {() => Promise<any>} */ act) => {
      order.push(`lock ${name}`);
      const done = await act();
      order.push("unlock");
      return done;
    },
  });
  assert.equal(await alone("outbox", async () => (order.push("act"), 42), locks), 42);
  assert.deepEqual(order, ["lock outbox", "act", "unlock"]);
});

test("where there are no locks, and when another tab holds on too long, it acts all the same", async () => {
  assert.equal(await alone("outbox", async () => 42, undefined), 42);
  assert.equal(await alone("outbox", async () => 42, /** @type {any} */ ({ request: waitsTooLong })), 42);
});

test("what fails in it fails, and is not done again", async () => {
  let times = 0;
  const locks = /** @type {any} */ ({ request: (/** @type {any} */ _name, /** @type {any} */ _how, /** @type {() => any} */ act) => act() });
  const fails = async () => {
    times += 1;
    throw new Error("no");
  };
  await assert.rejects(alone("outbox", fails, locks), /no/);
  assert.equal(times, 1);
});

test("it does not wait for another tab longer than it says", async (context) => {
  context.mock.method(AbortSignal, "timeout", (/** @type {number} */ milliseconds) => ({ milliseconds }));
  /** @type {any} */
  let asked;
  await alone("outbox", async () => {}, /** @type {any} */ ({ request: (/** @type {any} */ _, /** @type {any} */ how) => (asked = how) }));
  assert.equal(asked.signal.milliseconds, 5000);
});

test("tabs of one person hear each other, those of another do not", () => {
  /** @type {any[]} */
  const all = [];
  class BroadcastChannel {
    onmessage = (/** @type {any} */ _) => {};
    constructor(/** @type {string} */ name) {
      this.name = name;
      all.push(this);
    }
    postMessage(/** @type {any} */ data) {
      for (const each of all) if (each !== this && each.name === this.name) each.onmessage({ data });
    }
  }
  const restore = pretend({ BroadcastChannel });
  const [one, two, other] = [openChannel(1), openChannel(1), openChannel(2)];
  /** @type {any[]} */
  const heard = [];
  two.listen((news) => heard.push(news));
  other.listen(() => assert.fail());
  one.tell({ what: "kept" });
  assert.deepEqual(heard, [{ what: "kept" }]);
  restore();
});

test("a browser without channels tells nobody, and that is no error", () => {
  const restore = pretend({ BroadcastChannel: undefined });
  const channel = openChannel(1);
  channel.listen(() => assert.fail());
  channel.tell({ what: "kept" });
  restore();
});
