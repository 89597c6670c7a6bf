import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Search } from "web/switcher/search.js";
import { FakeTime, settle } from "../../fakes.js";

/** @typedef {import("web/switcher/search.js").Target} Target */

const target = (/** @type {string} */ name, /** @type {Partial<Target>} */ more = {}) => ({ address: `/${name}/`, name, mark: "hash", ...more });

/** @type {FakeTime} */
let time;
/** @type {string[]} requests */
let asked;
/** @type {((targets: Target[]) => void)[]} */
let answers;
let told = 0;
/** @type {Search} */
let search;

const later = (/** @type {string} */ what) => {
  asked.push(what);
  return new Promise((/** @type {(targets: Target[]) => void} */ give) => answers.push(give));
};
const names = () => search.results.map(({ target: { name } }) => name);

beforeEach(() => {
  time = new FakeTime();
  [asked, answers, told] = [[], [], 0];
  const rooms = {
    now: () => [target("lobby", { current: true }), target("data"), target("deploys", { unread: 2 })],
    once: () => later("rooms"),
  };
  const boards = { now: () => [target("Orders", { mark: "board" })] };
  const people = { find: (/** @type {string} */ typed) => later(typed) };
  search = new Search({ sources: [rooms, boards, people], tell: () => (told += 1), timers: time });
  search.open();
});

test("at first the unread, then the order of the page, and at the end what is shown already", () => {
  assert.deepEqual(names(), ["deploys", "data", "Orders", "lobby"]);
});

test("what the page knows needs no request; the server is asked once for the rest", async () => {
  for (const typed of ["d", "de", "d"]) search.type(typed);
  assert.deepEqual([asked, names()], [["rooms"], ["deploys", "data", "Orders"]]);
  answers[0]([target("design"), target("data", { note: "again" })]);
  await settle();
  assert.deepEqual([names(), told], [["deploys", "data", "design", "Orders"], 1]);
});

test("a search of the server begins when the reader stops typing", async () => {
  for (const typed of ["m", "me", "mei "]) {
    search.type(typed);
    time.pass(0.1);
  }
  assert.deepEqual(asked, ["rooms"]);
  time.pass(0.2);
  assert.deepEqual(asked, ["rooms", "mei"]);
  answers[1]([target("Mei", { mark: "person" })]);
  await settle();
  assert.deepEqual(names(), ["Mei"]);
});

test("an answer to what was typed before is dropped", async () => {
  search.type("mei");
  time.pass(1);
  search.type("mend");
  answers[1]([target("Mei Mendel", { mark: "person" })]);
  await settle();
  assert.deepEqual(names(), []);
});

test("nothing typed asks nobody", () => {
  search.type("m");
  search.type(" ");
  time.pass(1);
  assert.deepEqual(asked, ["rooms"]);
});

test("answers that come after it was closed, or was opened again, are dropped", async () => {
  search.close();
  search.open();
  answers[0]([target("old answer")]);
  await settle();
  assert.deepEqual([names().includes("old answer"), told], [false, 0]);
});

test("a server that cannot be reached takes nothing away", async () => {
  const failing = { now: () => [target("data")], once: () => Promise.reject(new TypeError("no")) };
  const alone = new Search({ sources: [failing], tell: () => assert.fail(), timers: time });
  alone.open();
  await settle();
  assert.equal(alone.results.length, 1);
});

test("at most fifty are shown", () => {
  const many = { now: () => Array.from({ length: 300 }, (_, n) => target(`room-${n}`)) };
  const all = new Search({ sources: [many], tell: () => {}, timers: time });
  all.open();
  assert.equal(all.results.length, 50);
  all.type("299");
  assert.deepEqual(all.results.map((each) => each.target.name), ["room-299"]);
});
