import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { RoomPage } from "chat/page/room-page.js";
import { settle } from "../../fakes.js";

/** A window whose history is a list of addresses. */
class FakeWindow extends EventTarget {
  addresses = ["/rooms/lobby/"];
  at = 0;
  history = {
    pushState: (/** @type {null} */ _state, /** @type {string} */ _title, /** @type {string} */ address) => {
      this.addresses = [...this.addresses.slice(0, ++this.at), address];
    },
  };

  get location() {
    return new URL(this.addresses[this.at], "https://chat.example");
  }

  turn(/** @type {number} */ steps) {
    this.at += steps;
    this.dispatchEvent(new Event("popstate"));
  }
}

const info = (/** @type {string} */ slug, more = {}) => ({
  room: { slug, name: slug.toUpperCase(), topic: "", kind: "public", archived: false, owner: null, ...more },
  members: [],
});

/** @type {FakeWindow} */
let browser;
/** @type {Record<string, (event?: any) => void>} */
let hear;
/** @type {{slug: string, give: (info: any) => void, refuse: (error: any) => void}[]} requests that wait for an answer */
let asked;
/** @type {Set<string>} */
let kept;
/** @type {string[]} what was shown: "lobby?" without info, "lobby", "lobby 404" */
let told;
/** @type {RoomPage} */
let page;

beforeEach(() => {
  browser = new FakeWindow();
  hear = {};
  asked = [];
  told = [];
  kept = new Set();
  const rooms = { rooms: kept, show: (/** @type {string} */ slug) => (kept.add(slug), { slug }) };
  const read = (/** @type {string} */ slug) => new Promise((give, refuse) => asked.push({ slug, give, refuse }));
  const socket = {
    on: (/** @type {string} */ type, /** @type {any} */ listener) => (hear[type] = listener),
    onLive: (/** @type {any} */ listener) => (hear.live = listener),
  };
  page = new RoomPage(/** @type {any} */ ({ rooms, read, socket, page: browser }));
  page.onChange(({ slug, info: known, refused }) => told.push(`${slug}${refused ? ` ${refused.status}` : known ? "" : "?"}`));
  page.begin(info("lobby"));
});

/** The server answers the oldest request for a room. */
async function answer(/** @type {string} */ slug, /** @type {any} */ reply = info(slug)) {
  const index = asked.findIndex((each) => each.slug === slug);
  const [{ give, refuse }] = asked.splice(index, 1);
  if (reply instanceof Error) refuse(reply);
  else give(reply);
  await settle();
}

const refusal = (/** @type {number} */ status) => Object.assign(new Error("No."), { status });

test("the first room needs no request", () => {
  assert.deepEqual([told, asked], [["lobby"], []]);
});

test("another room is shown at once, and what is known of it when the server has answered", async () => {
  page.go("kitchen");
  assert.equal(browser.location.pathname, "/rooms/kitchen/");
  assert.deepEqual(told, ["lobby", "kitchen?"]);
  await answer("kitchen");
  assert.deepEqual(told, ["lobby", "kitchen?", "kitchen"]);
});

test("a room that was seen is known at once, and asked for again", async () => {
  page.go("kitchen");
  await answer("kitchen");
  page.go("lobby");
  assert.equal(told.at(-1), "lobby");
  await answer("lobby", info("lobby", { topic: "New" }));
  assert.equal(page.shown?.info?.room.topic, "New");
});

test("back and forward", async () => {
  page.go("kitchen");
  page.go("garden");
  browser.turn(-2);
  assert.equal(page.shown?.slug, "lobby");
  browser.turn(1);
  assert.equal(page.shown?.slug, "kitchen");
  assert.deepEqual(browser.addresses, ["/rooms/lobby/", "/rooms/kitchen/", "/rooms/garden/"]);
});

test("going to the shown room is no step in the history", () => {
  page.go("lobby");
  assert.deepEqual([browser.addresses.length, told], [1, ["lobby"]]);
});

test("a late answer about another room changes nothing that is shown", async () => {
  page.go("kitchen");
  page.go("garden");
  await answer("garden");
  told = [];
  await answer("kitchen");
  assert.deepEqual([told, page.shown?.info?.room.slug], [[], "garden"]);
});

test("a late refusal of another room changes nothing that is shown", async () => {
  page.go("kitchen");
  page.go("garden");
  await answer("kitchen", refusal(403));
  assert.equal(told.at(-1), "garden?");
  assert.equal(page.shown?.refused, null);
});

for (const status of [403, 404]) {
  test(`a room that is refused with ${status} says so in place`, async () => {
    page.go("secret");
    await answer("secret", refusal(status));
    assert.equal(told.at(-1), `secret ${status}`);
    assert.deepEqual(page.shown?.refused, { status, detail: "No." });
    page.go("lobby");
    assert.equal(page.shown?.refused, null);
  });
}

test("without an answer it asks again on the next connection, and only for what it does not know", async () => {
  page.go("kitchen");
  await answer("kitchen", new TypeError("The server cannot be reached."));
  assert.equal(page.shown?.refused, null);
  hear.live();
  assert.deepEqual(asked.map(({ slug }) => slug), ["kitchen"]);
  await answer("kitchen");
  hear.live();
  assert.deepEqual(asked, []);
});

test("a new name is told for the shown room, and kept for the others", async () => {
  page.go("kitchen");
  await answer("kitchen");
  told = [];
  hear.room({ room: { slug: "lobby", name: "Hall" } });
  hear.room({ room: { slug: "nowhere", name: "?" } });
  assert.deepEqual(told, []);
  hear.room({ room: { slug: "kitchen", name: "Bar" } });
  assert.deepEqual([told, page.shown?.info?.room.name], [["kitchen"], "Bar"]);
  page.go("lobby");
  assert.equal(page.shown?.info?.room.name, "Hall");
});

test("what is known of a room goes with its log", async () => {
  page.go("kitchen");
  await answer("kitchen");
  kept.delete("lobby");
  page.go("garden");
  assert.deepEqual([...page.infos.keys()], ["kitchen"]);
});
