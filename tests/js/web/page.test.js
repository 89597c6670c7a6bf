import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { ask } from "web/page.js";

/** A server that takes the request, and says as much of its answer as `begin` returns. */
const hangs = (/** @type {() => any} */ begin) =>
  mock.method(globalThis, "fetch", async (/** @type {string} */ _path, /** @type {RequestInit} */ { signal }) => {
    const never = () =>
      new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    return begin() ?? never();
  });

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
});

test("a server that takes a request and never answers is given up", async () => {
  hangs(() => null);
  const asked = ask("GET", "/api/rooms/");
  mock.timers.tick(30_000);
  await assert.rejects(asked, (/** @type {any} */ error) => {
    assert.equal(error.message, "The server does not answer.");
    return !error.code; // one would say that the server has refused
  });
});

test("so is one whose answer never ends", async () => {
  let fail = (/** @type {Error} */ _) => {};
  hangs(() => ({ status: 200, ok: true, json: () => new Promise((_, reject) => (fail = reject)) }));
  const asked = ask("GET", "/api/rooms/");
  await new Promise(setImmediate);
  mock.timers.tick(30_000);
  fail(new Error("aborted"));
  await assert.rejects(asked, TypeError);
});

test("an answer is an answer, and nothing waits after it", async () => {
  hangs(() => ({ status: 200, ok: true, json: async () => ({ rooms: [] }) }));
  assert.deepEqual(await ask("GET", "/api/rooms/"), { rooms: [] });
  mock.timers.tick(30_000);
});
