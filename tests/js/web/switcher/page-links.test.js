import assert from "node:assert/strict";
import { after, test } from "node:test";
import { FakeElement, pretend } from "../../pages.js";

const link = (/** @type {string} */ href, /** @type {any} */ parts, more = {}) =>
  new FakeElement({ parts, getAttribute: () => href, ...more });
const board = link("/boards/orders/", {
  ".sidebar__label": new FakeElement({ textContent: " Orders " }),
  ".mark": new FakeElement({ dataset: { mark: "board" } }),
});
const home = link("/", {}, { textContent: " Switchboard ", ariaCurrent: "page" });
const restore = pretend({
  document: new FakeElement({ parts: { "#sidebar a[href]:not([data-room])": [home, board] } }),
});
const { sources } = await import("web/switcher/search.js");
await import("web/switcher/page-links.js");
after(() => restore());

test("every link of the sidebar can be jumped to, except rooms", () => {
  const [{ now }] = [...sources];
  assert.deepEqual(now?.(), [
    { address: "/", name: "Switchboard", mark: "page", current: true },
    { address: "/boards/orders/", name: "Orders", mark: "board", current: false },
  ]);
});
