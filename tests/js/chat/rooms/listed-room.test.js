import assert from "node:assert/strict";
import { test } from "node:test";
import { isListedDirect, listedName, markOf, titled } from "chat/rooms/listed-room.js";

/** A page whose lists have these rooms: name and mark by address. */
function listing(/** @type {Record<string, [string, string]>} */ rooms) {
  const links = Object.fromEntries(Object.entries(rooms).map(([slug, [name, mark]]) => [`[data-room="${slug}"]`, {
    querySelector: (/** @type {string} */ part) =>
      ({ "[data-name]": { textContent: name }, [`[data-mark="${mark}"]`]: {} })[part] ?? null,
  }]));
  Object.assign(globalThis, {
    CSS: { escape: (/** @type {string} */ text) => text },
    document: { querySelector: (/** @type {string} */ link) => links[link] ?? null },
  });
}

test("a room's kind gives its mark", () => {
  assert.deepEqual(["public", "members", "direct", "of tomorrow"].map(markOf), ["hash", "lock", "person", "hash"]);
});

test("the kind of a room tells whether it is direct, not its address", () => {
  listing({ "d-day": ["D day", "hash"], "d-1f": ["Bo, Cy", "person"], vault: ["Vault", "lock"] });
  assert.deepEqual(["d-day", "d-1f", "vault", "d-unlisted"].map(isListedDirect), [false, true, false, false]);
  assert.equal(titled(listedName("d-day"), isListedDirect("d-day")), "# D day");
  assert.equal(titled(listedName("d-1f"), isListedDirect("d-1f")), "Bo, Cy");
});

test("a room that no list has is called by its address", () => {
  listing({});
  assert.equal(listedName("somewhere"), "somewhere");
});
