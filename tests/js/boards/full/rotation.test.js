import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { isOpen, Rotation } from "boards/full/rotation.js";

const NOON = Date.parse("2026-11-21T12:00:00Z");

/** @type {Rotation} */
let rotation;
const slot = (/** @type {string} */ board, dwell = 30, from = /** @type {string | null} */ (null), until = /** @type {string | null} */ (null)) => ({
  board,
  dwell,
  from,
  until,
});
const shows = (/** @type {number} */ second) => rotation.show(NOON + second * 1000, () => "UTC");

beforeEach(() => {
  rotation = new Rotation();
  rotation.setPlan([slot("a", 30), slot("b", 10), slot("c", 20)]);
});

test("each board has its time, then the next", () => {
  const seen = [];
  for (let second = 0; second <= 90; second += 5) seen.push(shows(second));
  assert.equal(seen.join(""), "aaaaaabbccccaaaaaab");
});

test("after a sleep it goes on with the next board, and does not hurry through those it missed", () => {
  shows(0);
  assert.equal(shows(3600), "b");
  assert.equal(shows(3605), "b");
});

test("one board alone stays", () => {
  rotation.setPlan([slot("a", 3)]);
  assert.deepEqual([0, 3, 60].map(shows), ["a", "a", "a"]);
});

test("boards are shown at their hours, in their time zone, over midnight too", () => {
  const nine = slot("a", 30, "09:00", "17:00");
  assert.equal(isOpen(nine, Date.parse("2026-11-21T08:59:59Z"), "UTC"), false);
  assert.equal(isOpen(nine, Date.parse("2026-11-21T09:00:00Z"), "UTC"), true);
  assert.equal(isOpen(nine, Date.parse("2026-11-21T17:00:00Z"), "UTC"), false);
  assert.equal(isOpen(nine, Date.parse("2026-11-21T08:30:00Z"), "Europe/Oslo"), true);
  const night = slot("a", 30, "22:00", "06:00");
  assert.deepEqual(
    ["21:59", "22:00", "00:00", "05:59", "06:00"].map((hour) => isOpen(night, Date.parse(`2026-11-21T${hour}:00Z`), "UTC")),
    [false, true, true, true, false],
  );
  assert.equal(isOpen(slot("a", 30, "09:00"), Date.parse("2026-11-21T23:59:00Z"), "UTC"), true);
  assert.equal(isOpen(slot("a", 30, null, "09:00"), Date.parse("2026-11-21T09:00:00Z"), "UTC"), false);
});

test("a board whose hours end makes room at once, and none at all is nothing", () => {
  rotation.setPlan([slot("a", 300, "09:00", "12:01"), slot("b", 300, "09:00", "12:02")]);
  assert.deepEqual([0, 59, 60, 119, 120].map(shows), ["a", "a", "b", "b", ""]);
  assert.equal(shows(86_400), "a");
});

/** Say how streams of a board are, `s` alone unless others are named. */
const note = (/** @type {string} */ board, /** @type {boolean | Record<string, boolean>} */ streams) =>
  rotation.note(board, new Map(Object.entries(typeof streams === "boolean" ? { s: streams } : streams)));

test("a board that turns critical is shown at once, and then the rotation goes on where it was", () => {
  note("a", false);
  note("c", false);
  assert.equal(shows(0), "a");
  note("c", true);
  assert.equal(shows(10), "c");
  assert.equal(shows(29), "c");
  assert.equal(shows(30), "a"); // with the 20 seconds that it had left
  assert.equal(shows(49), "a");
  assert.equal(shows(50), "b");
});

test("it is shown out of turn once, however long it stays critical, and again when it turns critical again, but not all the time", () => {
  rotation.setPlan([slot("a", 300), slot("c", 20)]);
  note("c", false);
  shows(0);
  note("c", true);
  assert.equal(shows(1), "c");
  note("c", true);
  assert.equal(shows(22), "a");
  const turnsAgain = () => [false, true].forEach((critical) => note("c", critical));
  turnsAgain();
  assert.equal(shows(23), "a");
  assert.equal(shows(122), "a");
  turnsAgain();
  assert.equal(shows(123), "c");
});

test("a critical that stands hides no new one of the same board", () => {
  rotation.setPlan([slot("a", 300), slot("c", 20)]);
  note("c", { old: true, fresh: false });
  assert.equal(shows(0), "c", "it was so when the page was loaded: shown first, once");
  assert.equal(shows(20), "a");
  note("c", { old: true, fresh: true });
  assert.equal(shows(21), "c");
  assert.equal(shows(41), "a");
});

test("another stream of the board that is shown keeps it there, but not when another board waits", () => {
  rotation.setPlan([slot("a", 300), slot("b", 300), slot("c", 20)]);
  for (const board of ["b", "c"]) note(board, { x: false, y: false });
  shows(0);
  note("c", { x: true, y: false });
  assert.equal(shows(1), "c");
  note("c", { x: true, y: true });
  assert.deepEqual([15, 34].map(shows), ["c", "c"]);
  assert.equal(shows(35), "a");
  note("b", { x: true, y: false });
  assert.equal(shows(36), "b");
  note("c", { x: true, y: true, z: true });
  note("b", { x: true, y: true });
  assert.deepEqual([50, 335, 336].map(shows), ["b", "b", "c"]);
});

test("what was critical before nobody knew any more is no news when it is known again", () => {
  rotation.setPlan([slot("a", 300), slot("c", 20)]);
  note("c", true);
  assert.deepEqual([0, 20].map(shows), ["c", "a"]);
  note("c", {}); // the screen was cut off, or the stream old or failing
  assert.equal(shows(200), "a");
  note("c", true);
  assert.equal(shows(201), "a");
  note("c", {});
  note("c", false);
  note("c", true);
  assert.equal(shows(202), "c", "but when it was well in between it is");
});

test("what was critical from the beginning is shown first, once, and what is well again or not known needs no look", () => {
  note("c", true);
  assert.deepEqual([0, 20].map(shows), ["c", "a"]);
  for (const board of ["a", "b"]) note(board, false);
  note("b", true);
  note("b", false);
  assert.equal(shows(21), "a");
  note("b", true);
  note("b", {});
  assert.equal(shows(22), "a");
});

test("whatever streams do, no stream makes the wall jump more than once in two minutes, and none that is news is left out", () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    rotation = new Rotation();
    rotation.setPlan([slot("a", 10), slot("b", 10), slot("c", 10)]);
    let random = seed;
    const below = (/** @type {number} */ most) => (random = (random * 48_271) % 2_147_483_647) % most;
    /** @type {Map<string, number[]>} the seconds of the jumps for each stream */
    const jumps = new Map();
    for (let second = 0; second < 900; second += 1) {
      const board = "abc"[below(3)];
      note(board, { x: below(2) === 0, y: below(5) === 0 });
      const waiting = [...rotation.alarms];
      const shown = shows(second);
      const told = waiting.filter((alarm) => !rotation.alarms.includes(alarm));
      for (const { board: alarmed, stream } of told) {
        const key = `${alarmed} ${stream}`;
        const before = jumps.get(key) ?? [];
        if (rotation.jumped.get(key) === NOON + second * 1000) {
          assert.equal(shown, alarmed, `seed ${seed}`);
          assert.ok(second - (before.at(-1) ?? -Infinity) >= 120, `seed ${seed}`);
          jumps.set(key, [...before, second]);
        } else assert.ok(second - (before.at(-1) ?? -Infinity) < 120, `seed ${seed}: news is dropped only when it flaps`);
      }
    }
    assert.ok(jumps.size, "something jumped");
  }
});

test("boards that turn critical together are shown one after the other", () => {
  for (const board of ["b", "c"]) note(board, false);
  shows(0);
  for (const board of ["c", "b"]) note(board, true);
  assert.deepEqual([1, 20, 21, 40, 41].map(shows), ["c", "c", "b", "b", "a"]);
});

test("another plan keeps what is shown, unless that is gone", () => {
  shows(0);
  shows(30);
  rotation.setPlan([slot("b", 10), slot("d", 10)]);
  assert.equal(shows(35), "b");
  rotation.setPlan([slot("d", 10)]);
  assert.equal(shows(36), "d");
  rotation.setPlan([]);
  assert.equal(shows(37), "");
});

test("a critical board outside its hours stays hidden", () => {
  rotation.setPlan([slot("a"), slot("b", 30, "20:00", "21:00")]);
  note("b", false);
  shows(0);
  note("b", true);
  assert.equal(shows(1), "a");
});

const tiles = (/** @type {string[]} */ ...slugs) => slugs.map((slug) => ({ streams: [slug] }));
const PAGES = [tiles("x"), tiles("y", "z"), tiles("w")];
const pagesOf = (/** @type {string} */ board) => (board === "a" ? 3 : 1);
/** Shows board and page at a second: "a2". */
const pageAt = (/** @type {number} */ second) => {
  const board = rotation.show(NOON + second * 1000, () => "UTC", pagesOf);
  return board + (board === "a" ? rotation.page(NOON + second * 1000, PAGES) + 1 : "");
};

test("the pages of a board share its turn", () => {
  assert.deepEqual([0, 9, 10, 19, 20, 29, 30, 40].map(pageAt), ["a1", "a1", "a2", "a2", "a3", "a3", "b", "c"]);
});

test("a board with many pages stays longer, so that each can be read; alone, it begins again", () => {
  rotation.setPlan([slot("a", 3), slot("b", 10)]);
  assert.deepEqual([0, 7, 8, 16, 23, 24, 34].map(pageAt), ["a1", "a1", "a2", "a3", "a3", "b", "a1"]);
  rotation.setPlan([slot("a", 0)]);
  assert.deepEqual([34, 42, 50, 58].map(pageAt), ["a1", "a2", "a3", "a1"]);
});

test("a board whose pages are known only later stays longer, too", () => {
  rotation.setPlan([slot("a", 3), slot("b", 10)]);
  const unknown = () => 1;
  assert.equal(rotation.show(NOON, () => "UTC", unknown), "a");
  assert.deepEqual([1, 7, 8, 23, 24].map(pageAt), ["a1", "a1", "a2", "a3", "b"]);
});

test("a jump opens the page on which the tile is, and then the pages go on where they were", () => {
  note("a", { x: false, y: false, z: false, w: false });
  assert.equal(pageAt(5), "a1");
  note("a", { x: false, y: true, z: false, w: false });
  assert.deepEqual([6, 35].map(pageAt), ["a2", "a2"]);
  assert.deepEqual([36, 44, 45].map(pageAt), ["a1", "a1", "a2"]);
});

test("streams on several pages that turn critical together share the jump, and a new one is shown at once", () => {
  note("a", { x: false, y: false, w: false });
  pageAt(0);
  note("a", { x: false, y: true, w: true });
  assert.deepEqual([1, 15, 16, 30].map(pageAt), ["a2", "a2", "a3", "a3"]);
  note("a", { x: true, y: true, w: true });
  assert.equal(pageAt(30.5), "a1");
});

test("somebody turns a page, forth and back and round: it stays for its share, and the rest follows", () => {
  const turn = (/** @type {1 | -1} */ step, /** @type {number} */ second) => rotation.turnPage(step, NOON + second * 1000, PAGES);
  assert.equal(pageAt(0), "a1");
  turn(1, 2);
  assert.deepEqual([2, 11, 12, 21].map(pageAt), ["a2", "a2", "a3", "a3"]);
  turn(1, 21);
  assert.equal(pageAt(21), "a1");
  turn(-1, 22);
  assert.deepEqual([22, 31, 32].map(pageAt), ["a3", "a3", "b"]);
});

test("a key ends a jump", () => {
  note("a", { y: false });
  pageAt(0);
  note("a", { y: true });
  assert.equal(pageAt(1), "a2");
  rotation.turnPage(1, NOON + 2000, PAGES);
  assert.deepEqual([2, 11, 12].map(pageAt), ["a3", "a3", "b"]);
});

test("a key during the jump of a board that was critical from the beginning turns to the next page, and the turn goes on from there", () => {
  rotation.setPlan([slot("a", 0)]);
  note("a", { x: true });
  assert.equal(pageAt(0), "a1");
  rotation.turnPage(1, NOON + 700, PAGES);
  assert.equal(pageAt(0.7), "a2");
  rotation.turnPage(1, NOON + 1400, PAGES);
  assert.deepEqual([1.4, 9, 9.4].map(pageAt), ["a3", "a3", "a1"]);
});

test("a key during a jump to another board turns that board's page", () => {
  rotation.setPlan([slot("b", 10), slot("a", 30)]);
  note("a", { x: false });
  assert.equal(pageAt(0), "b");
  note("a", { x: true });
  assert.equal(pageAt(1), "a1");
  rotation.turnPage(1, NOON + 2000, PAGES);
  assert.deepEqual([2, 11, 12, 21, 22].map(pageAt), ["a2", "a2", "a3", "a3", "b"]);
});

test("what turned critical on a board that has left the plan is forgotten", () => {
  note("c", true);
  rotation.setPlan([slot("a"), slot("b")]);
  rotation.setPlan([slot("a"), slot("b"), slot("c")]);
  assert.equal(shows(0), "a");
});
