import assert from "node:assert/strict";
import { test } from "node:test";
import { SafeStorage } from "web/storage.js";

const broken = () => {
  throw new DOMException("denied", "SecurityError");
};

test("storage that throws when it is named keeps things until the page closes", () => {
  const storage = new SafeStorage(broken);
  assert.equal(storage.getItem("a"), null);
  storage.setItem("a", "1");
  assert.equal(storage.getItem("a"), "1");
  storage.removeItem("a");
  assert.equal(storage.getItem("a"), null);
});

test("storage that is full keeps what fits, and the newest", () => {
  const kept = new Map([["a", "old"]]);
  const full = { getItem: (/** @type {string} */ key) => kept.get(key) ?? null, setItem: broken, removeItem: (/** @type {string} */ key) => void kept.delete(key) };
  const storage = new SafeStorage(() => full);
  storage.setItem("a", "new");
  assert.equal(storage.getItem("a"), "new");
  storage.removeItem("a");
  assert.equal(storage.getItem("a"), null);
  assert.equal(kept.size, 0);
});
