import assert from "node:assert/strict";
import { test } from "node:test";
import { keepAwake } from "boards/full/wake-lock.js";

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A browser whose page is in front, and whose answers to a request can be chosen. */
class FakeBrowser extends EventTarget {
  isSecureContext = true;
  visibilityState = "visible";
  /** @type {{released: boolean}[]} */
  locks = [];
  refuses = false;
  /** @type {() => void} */
  minute = () => {};
  document = this;
  /** @type {any} */
  navigator = {
    wakeLock: {
      request: async (/** @type {string} */ type) => {
        assert.equal(type, "screen");
        assert.equal(this.visibilityState, "visible"); // the browser throws otherwise
        if (this.refuses) throw new DOMException("low on battery", "NotAllowedError");
        this.locks.push({ released: false });
        return this.locks.at(-1);
      },
    },
  };

  setInterval(/** @type {() => void} */ act) {
    this.minute = act;
  }

  async show(/** @type {DocumentVisibilityState} */ state) {
    this.visibilityState = state;
    if (state === "hidden") for (const lock of this.locks) lock.released = true; // as the standard says
    this.dispatchEvent(new Event("visibilitychange"));
    await settled();
  }
}

/** @param {(browser: FakeBrowser) => void} [change] */
async function awake(change = () => {}) {
  const browser = new FakeBrowser();
  change(browser);
  const why = keepAwake(/** @type {any} */ (browser));
  await settled();
  return { browser, why };
}

test("a screen asks for a lock once and holds it", async () => {
  const { browser, why } = await awake();
  browser.minute();
  await settled();
  assert.equal(browser.locks.length, 1);
  assert.equal(why(), "");
});

test("a page that was hidden gets its lock back when it is seen again, and not before", async () => {
  const { browser, why } = await awake();
  await browser.show("hidden");
  assert.equal(browser.locks.length, 1);
  assert.notEqual(why(), "");
  await browser.show("visible");
  assert.equal(browser.locks.length, 2);
  assert.equal(why(), "");
});

test("a page that begins hidden asks when it is seen", async () => {
  const { browser } = await awake((browser) => (browser.visibilityState = "hidden"));
  assert.equal(browser.locks.length, 0);
  await browser.show("visible");
  assert.equal(browser.locks.length, 1);
});

test("a lock that the system takes away or refuses is asked for again every minute", async () => {
  const { browser, why } = await awake();
  browser.locks[0].released = true;
  browser.refuses = true;
  browser.minute();
  await settled();
  assert.match(why(), /The system does not let/);
  browser.refuses = false;
  browser.minute();
  await settled();
  assert.equal(browser.locks.length, 2);
  assert.equal(why(), "");
});

test("a browser without locks, and a page over http, say so when asked and do nothing else", async () => {
  const bare = await awake((browser) => (browser.navigator = {}));
  assert.match(bare.why(), /This browser cannot/);
  const plain = await awake((browser) => Object.assign(browser, { navigator: {}, isSecureContext: false }));
  assert.match(plain.why(), /use https/);
});
