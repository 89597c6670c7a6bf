import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { KeptRooms } from "chat/page/kept-rooms.js";
import { ADA } from "../../messages.js";

/** A room that notes what happens to it. */
class FakeRoom {
  phase = "here";
  kept = /** @type {any} */ ({ anchor: null, focus: "", unsaved: [] });
  /** @type {any[]} */
  events = [];
  log = { hasNewer: false, dropOldest: (/** @type {number} */ keep) => this.events.push(`keeps ${keep}`) };

  constructor(/** @type {string} */ slug) {
    this.slug = slug;
  }

  leave() {
    this.events.push("left");
  }

  renamed(/** @type {{name: string}} */ { name }) {
    this.events.push(`hears of ${name}`);
  }
}

/** @type {Record<string, (event: any) => void>} */
let hear;
/** @type {FakeRoom[]} */
let opened;
/** @type {KeptRooms} */
let rooms;

beforeEach(() => {
  hear = {};
  opened = [];
  const open = (/** @type {string} */ slug) => {
    opened.push(new FakeRoom(slug));
    return /** @type {any} */ (opened.at(-1));
  };
  const enter = (/** @type {any} */ room) => room.events.push("entered");
  const socket = { on: (/** @type {string} */ type, /** @type {any} */ listener) => (hear[type] = listener) };
  rooms = new KeptRooms({ socket, open, enter, most: 3 });
});

const show = (/** @type {string} */ slug) => /** @type {FakeRoom} */ (/** @type {unknown} */ (rooms.show(slug)));
const kept = () => [...rooms.rooms.keys()];

test("a room that was left keeps its log, and is entered again", () => {
  const a = show("a");
  show("b");
  assert.deepEqual(a.events, ["left", "keeps 100"]);
  assert.equal(show("a"), a);
  assert.deepEqual(a.events, ["left", "keeps 100", "entered"]);
  assert.equal(opened.length, 2);
});

test("the room that is shown is neither left nor entered", () => {
  const a = show("a");
  assert.equal(show("a"), a);
  assert.deepEqual(a.events, []);
});

test("what the reader had scrolled to stays", () => {
  const [a, b] = [show("a"), show("b")];
  b.kept.anchor = { seq: 5, top: 0 };
  show("a");
  assert.deepEqual(b.events, ["left"]);
  a.log.hasNewer = true;
  show("b");
  assert.deepEqual(a.events, ["left", "keeps 100", "entered", "left"]);
});

test("the room that was shown longest ago is forgotten first", () => {
  for (const slug of ["a", "b", "c", "a", "d"]) show(slug);
  assert.deepEqual(kept(), ["c", "a", "d"]);
});

test("a room with an edit that was not saved is not forgotten", () => {
  show("a").kept.unsaved = [{ task: {}, trouble: "" }];
  for (const slug of ["b", "c", "d"]) show(slug);
  assert.deepEqual(kept(), ["a", "c", "d"]);
});

test("a room that the reader was shut out of is asked for again at the next visit", () => {
  show("a").phase = "shut";
  show("b");
  assert.deepEqual(kept(), ["b"]);
});

test("removed from a room that is not shown: its log goes", () => {
  show("a");
  show("b");
  hear.left({ room: "a", reason: "removed" });
  hear.left({ room: "b", reason: "removed" });
  assert.deepEqual(kept(), ["b"]);
});

test("rooms that are not shown hear of new names; the shown one listens by itself", () => {
  const [a, b] = [show("a"), show("b")];
  hear.person({ user: { ...ADA, name: "Ada L." } });
  assert.deepEqual(a.events.at(-1), "hears of Ada L.");
  assert.deepEqual(b.events, []);
});
