import assert from "node:assert/strict";
import { after, beforeEach, mock, test } from "node:test";
import { FakeDocument, FakeElement, pretend } from "../../pages.js";

const NOW = 1_000_000;
const menu = new FakeElement();
const [lobby, tea] = [new FakeElement({ hidden: true }), new FakeElement({ hidden: true })];
const places = [
  new FakeElement({ dataset: { room: "lobby" }, parts: { "[data-waiting]": lobby } }),
  new FakeElement({ dataset: { homeRoom: "tea" }, parts: { "[data-waiting]": tea } }),
  new FakeElement({ dataset: { room: "without a mark" } }),
];
const page = new FakeDocument({ parts: { "[data-room], [data-home-room]": places, ".menu-button": menu } });
const restore = pretend({ document: page, BroadcastChannel: undefined });
mock.timers.enable({ apis: ["setTimeout", "Date"], now: NOW });
after(() => {
  mock.timers.reset();
  restore();
});

const { markWaiting } = await import("chat/outbox/waiting-marks.js");
const { outbox } = await import("chat/outbox/sending.js");

/** @returns {any} */
const entry = (/** @type {string} */ room, /** @type {string} */ state, age = 10_000) => ({ id: room, user: 0, room, body: "", replyTo: null, at: Date.now() - age, state, reason: "", seq: null });
const show = (/** @type {any[]} */ ...entries) => {
  outbox.entries = entries;
  markWaiting();
};

beforeEach(() => show());

test("a room in which messages wait has a mark, and loses it when they are sent", () => {
  show(entry("lobby", "queued"), entry("lobby", "queued"));
  assert.deepEqual([lobby.hidden, lobby.textContent, tea.hidden], [false, "2 waiting", true]);
  show();
  assert.deepEqual([lobby.hidden, lobby.textContent], [true, ""]);
});

test("rooms of the home page, too", () => {
  show(entry("tea", "failed"));
  assert.deepEqual([tea.hidden, tea.textContent], [false, "1 not sent"]);
});

test("the menu's button tells of what was not sent, not of what waits", () => {
  show(entry("tea", "failed"));
  assert.equal(menu.attributes.has("data-unsent"), true);
  show(entry("tea", "queued"));
  assert.equal(menu.attributes.has("data-unsent"), false);
});

test("what is sent at once makes no mark; what waits after two seconds makes one by itself", () => {
  show(entry("lobby", "queued", 0));
  assert.equal(lobby.hidden, true);
  mock.timers.tick(2000);
  assert.deepEqual([lobby.hidden, lobby.textContent], [false, "1 waiting"]);
});
