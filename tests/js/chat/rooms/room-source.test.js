import assert from "node:assert/strict";
import { after, test } from "node:test";
import { ADA } from "../../messages.js";
import { FakePage, FakeWebSocket } from "../../fakes.js";
import { FakeElement, pretend } from "../../pages.js";

const link = (/** @type {string} */ slug, /** @type {string} */ mark, /** @type {any} */ more = {}) =>
  new FakeElement({
    dataset: { room: slug },
    parts: { "[data-name]": new FakeElement({ textContent: slug.toUpperCase() }), "[data-mark]": new FakeElement({ dataset: { mark } }) },
    ...more,
  });
/** @type {string[]} */
const asked = [];
const restore = pretend({
  document: Object.assign(new FakeElement({ parts: { ".sidebar [data-room]": [link("lobby", "hash", { ariaCurrent: "page" }), link("attic", "lock")] } }), {
    getElementById: (/** @type {string} */ id) => (id === "me" ? { textContent: JSON.stringify(ADA) } : null),
    cookie: "",
  }),
  addEventListener: () => {},
  location: new FakePage().location,
  WebSocket: FakeWebSocket,
  fetch: async (/** @type {string} */ path) => {
    asked.push(path);
    const rooms = [{ slug: "lobby", name: "Lobby", kind: "public" }, { slug: "vault", name: "Vault", kind: "members" }];
    return { status: 200, ok: true, headers: new Headers(), json: async () => ({ rooms }) };
  },
});
const { sources } = await import("web/switcher/search.js");
await import("chat/rooms/room-source.js");
const { socket, unread } = await import("chat/rooms/connection.js");
after(() => {
  socket.close();
  restore();
});

const [source] = [...sources];

test("the rooms of the sidebar need no request", () => {
  unread.head("attic", { rev: 3, seq: 3, read: 1, unread: 2 });
  assert.deepEqual(source.now?.(), [
    { address: "/rooms/lobby/", name: "LOBBY", mark: "hash", note: "", unread: 0, current: true },
    { address: "/rooms/attic/", name: "ATTIC", mark: "lock", note: "private", unread: 2, current: false },
  ]);
  assert.deepEqual(asked, []);
});

test("the others come from the server", async () => {
  const others = await source.once?.();
  assert.deepEqual(others?.map(({ address, mark }) => [address, mark]), [["/rooms/lobby/", "hash"], ["/rooms/vault/", "lock"]]);
  assert.deepEqual(asked, ["/api/rooms/"]);
});
