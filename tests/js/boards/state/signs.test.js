import assert from "node:assert/strict";
import { test } from "node:test";
import { LEVEL_SIGNS, readStatus } from "boards/state/signs.js";

test("a status is a level, or a level with a text", () => {
  assert.deepEqual(readStatus("ok"), { level: "ok", text: "ok" });
  assert.deepEqual(readStatus({ level: "crit", text: "no answer" }), { level: "crit", text: "no answer" });
  assert.deepEqual(readStatus({ level: "warn" }), { level: "warn", text: "warning" });
});

test("what is no status is unknown, never ok", () => {
  for (const value of [null, undefined, 3, "fine", {}, { level: "toString" }]) assert.equal(readStatus(value).level, "unknown");
});

test("no two levels share a sign", () => {
  assert.equal(new Set(Object.values(LEVEL_SIGNS)).size, Object.keys(LEVEL_SIGNS).length);
});
