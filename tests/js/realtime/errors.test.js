import assert from "node:assert/strict";
import { test } from "node:test";
import { CommandError, Disconnected } from "realtime/errors.js";

const refused = (/** @type {object} */ more) => new CommandError({ type: "error", code: "forbidden", ...more });

test("a refusal has the server's words, else its code", () => {
  assert.equal(refused({ detail: "Not in this room." }).message, "Not in this room.");
  assert.equal(refused({ detail: "" }).message, "forbidden");
  assert.equal(refused({}).code, "forbidden");
});

test("it says when to try again, if the server did", () => {
  assert.equal(refused({ retry_after: 1.5 }).retryAfter, 1.5);
  assert.equal(refused({}).retryAfter, null);
});

test("errors are told apart by their names, and a lost connection has no code", () => {
  assert.deepEqual([refused({}).name, new Disconnected().name], ["CommandError", "Disconnected"]);
  assert.equal("code" in new Disconnected(), false);
});
