import assert from "node:assert/strict";
import { test } from "node:test";
import { screenKey } from "boards/full/screen-key.js";
import { SafeStorage } from "web/storage.js";

function store() {
  /** @type {Map<string, string>} */
  const kept = new Map();
  return {
    getItem: (/** @type {string} */ name) => kept.get(name) ?? null,
    setItem: (/** @type {string} */ name, /** @type {string} */ value) => void kept.set(name, value),
  };
}

test("a browser keeps its key, and another has another one", () => {
  const storage = store();
  const key = screenKey(storage);
  assert.match(key, /^[0-9a-f]{16}$/);
  assert.equal(screenKey(storage), key);
  assert.notEqual(screenKey(store()), key);
});

test("small bytes have two digits, too", (context) => {
  context.mock.method(crypto, "getRandomValues", (/** @type {Uint8Array} */ bytes) => bytes.fill(7));
  assert.equal(screenKey(store()), "0707070707070707");
});

test("where nothing can be kept it has one for as long as the page is open", () => {
  const off = new SafeStorage(() => {
    throw new Error("off");
  });
  assert.equal(screenKey(off), screenKey(off));
});
