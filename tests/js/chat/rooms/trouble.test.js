import assert from "node:assert/strict";
import { test } from "node:test";
import { sentence } from "chat/rooms/trouble.js";
import { CommandError, Disconnected } from "realtime/errors.js";

test("a lost connection is no fault of what was wanted", () => {
  assert.equal(sentence(new Disconnected()), "Not done: the connection is down. Try again when it is back.");
});

test("the server's words are told, and when to try again in whole seconds", () => {
  const refused = (/** @type {object} */ more) => new CommandError({ type: "error", code: "rate_limited", detail: "Too fast.", ...more });
  assert.equal(sentence(refused({})), "Too fast.");
  assert.equal(sentence(refused({ retry_after: 1.2 })), "Too fast. Try again in 2 s.");
});

test("any other error says what it says", () => assert.equal(sentence(new Error("Odd.")), "Odd."));
