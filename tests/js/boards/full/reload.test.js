import assert from "node:assert/strict";
import { test } from "node:test";
import { SafeStorage } from "web/storage.js";
import { reloadWhenServed, secondsToReload } from "boards/full/reload.js";

/** @param {(number | Error)[]} answers statuses */
async function reloaded(answers) {
  /** @type {number[]} */
  const waits = [];
  let reloads = 0;
  await reloadWhenServed({
    fetch: async () => {
      const answer = answers.shift();
      if (typeof answer !== "number") throw answer;
      return { ok: answer < 400, status: answer };
    },
    reload: () => (reloads += 1),
    wait: async (seconds) => waits.push(seconds),
    random: () => 0.5,
  });
  assert.equal(reloads, 1);
  assert.deepEqual(answers, []);
  return waits;
}

test("a page that the server gives is loaded at once", async () => {
  assert.deepEqual(await reloaded([200]), []);
});

test("a proxy's error and a network that is gone are waited out, ever longer", async () => {
  assert.deepEqual(await reloaded([502, 503, new TypeError("no network"), 200]), [1.5, 2, 3]);
});

test("a page that there is no more is loaded for its words", async () => {
  assert.deepEqual(await reloaded([404]), []);
});

test("old and new servers that answer in turn do not have a screen reload all the time", () => {
  /** @type {Map<string, string>} */
  const kept = new Map();
  const storage = /** @type {any} */ ({ getItem: (/** @type {string} */ name) => kept.get(name) ?? null, setItem: (/** @type {string} */ name, /** @type {string} */ value) => kept.set(name, value) });
  assert.equal(secondsToReload(1_000_000, () => 0.5, storage), 6);
  assert.equal(secondsToReload(1_010_000, () => 0.5, storage), 56);
  assert.equal(secondsToReload(9_000_000, () => 0, storage), 1);
});

test("where nothing can be kept it reloads all the same", () => {
  const storage = new SafeStorage(() => {
    throw new Error("off");
  });
  assert.equal(secondsToReload(0, () => 1, storage), 11);
});
