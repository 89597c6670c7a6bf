import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf, roomAt, roomOfClick } from "chat/page/room-links.js";

const ORIGIN = "https://chat.example";
const CLICK = { defaultPrevented: false, button: 0, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false };

/** @param {string} href @param {{target?: string, download?: boolean}} more */
const link = (href, { target = "", download = false } = {}) => {
  const { origin, pathname, search, hash } = new URL(href, ORIGIN);
  return { origin, pathname, search, hash, target, hasAttribute: (/** @type {string} */ name) => name === "download" && download };
};

test("the address of a room", () => {
  assert.equal(roomAt(new URL("/rooms/team_a-2/", ORIGIN), ORIGIN), "team_a-2");
  assert.equal(roomAt(new URL(addressOf("lobby"), ORIGIN), ORIGIN), "lobby");
});

test("other addresses are none of a room", () => {
  const others = ["/", "/rooms/", "/rooms/lobby", "/rooms/lobby/12/", "/rooms/lobby/?a=1", "/rooms/lobby/#top", "/boards/lobby/", "/rooms/a%2Fb/"];
  for (const path of others) assert.equal(roomAt(new URL(path, ORIGIN), ORIGIN), "", path);
  assert.equal(roomAt(new URL("https://other.example/rooms/lobby/"), ORIGIN), "");
});

test("a plain click on a room's link", () => {
  assert.equal(roomOfClick(CLICK, link("/rooms/lobby/"), ORIGIN), "lobby");
  assert.equal(roomOfClick(CLICK, link("/rooms/lobby/", { target: "_self" }), ORIGIN), "lobby");
});

test("every other click is the browser's", () => {
  for (const more of [{ ctrlKey: true }, { metaKey: true }, { shiftKey: true }, { altKey: true }, { button: 1 }, { defaultPrevented: true }]) {
    assert.equal(roomOfClick({ ...CLICK, ...more }, link("/rooms/lobby/"), ORIGIN), "", JSON.stringify(more));
  }
  assert.equal(roomOfClick(CLICK, link("/rooms/lobby/", { target: "_blank" }), ORIGIN), "");
  assert.equal(roomOfClick(CLICK, link("/rooms/lobby/", { download: true }), ORIGIN), "");
  assert.equal(roomOfClick(CLICK, link("/boards/"), ORIGIN), "");
  assert.equal(roomOfClick(CLICK, null, ORIGIN), "");
});
