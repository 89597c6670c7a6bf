import assert from "node:assert/strict";
import { test } from "node:test";
import { examplesFor } from "web/console/examples.js";

const names = (/** @type {string} */ path) => examplesFor(path).map(({ name }) => name);
const frame = (/** @type {string} */ path, /** @type {string} */ name) => examplesFor(path).find((each) => each.name === name)?.frame() ?? "";

test("each endpoint has examples of its own, and one that is not known can be pinged", () => {
  assert.ok(names("/ws/chat/").includes("join"));
  assert.deepEqual(names("/ws/echo/"), ["hello", "json"]);
  assert.deepEqual(names("/ws/boards/sales/"), ["ping"]);
});

test("commands are JSON with a type and their own ref", () => {
  const commands = examplesFor("/ws/chat/").filter(({ name }) => name !== "broken").map((each) => JSON.parse(each.frame()));
  for (const command of commands) assert.equal(typeof command.type, "string");
  const refs = commands.flatMap(({ ref }) => ref ?? []);
  assert.equal(new Set(refs).size, refs.length);
});

test("a message has another id each time", () => {
  const ids = [1, 2].map(() => JSON.parse(frame("/ws/chat/", "send")).id);
  assert.match(ids[0], /^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  assert.notEqual(ids[0], ids[1]);
});

test("the broken one is broken", () => {
  assert.throws(() => JSON.parse(frame("/ws/chat/", "broken")), SyntaxError);
});
