import assert from "node:assert/strict";
import { test } from "node:test";
import { columnsThatFit, fitsAcross, heightOf, lossOf, onWall, pagesOf, rowsOf, rowsThatFit, WALL } from "boards/fit.js";

const widget = (/** @type {number} */ id, width = 12, height = 1, type = "number") =>
  /** @type {any} */ ({ id, width, height, type, options: {}, streams: [], title: "" });
const some = (/** @type {number} */ count, width = 12, height = 1) => Array.from({ length: count }, (_, n) => widget(n, width, height));
const ids = (/** @type {any[][]} */ pages) => pages.map((page) => page.map(({ id }) => id));
const sizes = (/** @type {any[][]} */ pages) => pages.map(({ length }) => length);

test("how many rows fit follows the screen's shape, not its size", () => {
  assert.deepEqual([WALL, { width: 3840, height: 2160 }, { width: 1280, height: 720 }].map(rowsThatFit), [8, 8, 8]);
  assert.equal(rowsThatFit({ width: 1024, height: 768 }), 8);
  assert.ok(rowsThatFit({ width: 1080, height: 1920 }) >= 16);
  assert.equal(rowsThatFit({ width: 3000, height: 100 }) >= 6, true);
});

test("a row of a full page has room for a title and for a value of 1/30 of the screen", () => {
  for (const space of [WALL, { width: 1024, height: 768 }, { width: 1080, height: 1920 }]) {
    assert.ok(heightOf(widget(1), rowsThatFit(space), space) >= 8);
  }
});

test("what fits is one page; what does not is spread evenly, in order", () => {
  assert.deepEqual(sizes(pagesOf([])), [0]);
  assert.deepEqual(sizes(pagesOf(some(8))), [8]);
  assert.deepEqual(sizes(pagesOf(some(10))), [5, 5]);
  assert.deepEqual(sizes(pagesOf(some(12))), [6, 6]);
  assert.deepEqual(sizes(pagesOf(some(20))), [7, 7, 6]);
  assert.deepEqual(pagesOf(some(80, 3)).flat().map(({ id }) => id), some(80).map(({ id }) => id));
});

test("a page holds as many rows as its tiles take when holes are filled", () => {
  // A tall tile, and beside it small ones that fill the gap.
  assert.equal(rowsOf([widget(1, 6, 3), widget(2, 6, 1), widget(3, 6, 1), widget(4, 6, 1)]), 3);
  assert.equal(rowsOf([widget(1, 8), widget(2, 8), widget(3, 4), widget(4, 4)]), 2);
  assert.deepEqual(ids(pagesOf([widget(1, 8), widget(2, 8), widget(3, 4), widget(4, 4)], WALL, 2)), [[1, 2, 3, 4]]);
});

test("on an upright screen tiles are two beside each other at most, in as many more rows", () => {
  const upright = { width: 1080, height: 1920 };
  assert.equal(rowsOf([widget(1, 2), widget(2, 3), widget(3, 6), widget(4, 4)], upright), 3);
  assert.equal(rowsOf([widget(1, 2), widget(2, 3), widget(3, 6), widget(4, 4)]), 2);
  assert.deepEqual(sizes(pagesOf(some(40, 3), upright)), [20, 20]);
  assert.equal(fitsAcross(14, 2, upright), true);
});

test("no page has more rows than fit, and no tile is on two", () => {
  let seed = 7;
  const random = (/** @type {number} */ most) => (seed = (seed * 16_807) % 2_147_483_647) % most;
  for (let round = 0; round < 200; round++) {
    const widgets = Array.from({ length: random(40) }, (_, n) => widget(n, 2 + random(11), 1 + random(6)));
    const pages = pagesOf(widgets);
    assert.deepEqual(pages.flat(), widgets);
    assert.ok(pages.every((page) => rowsOf(page) <= 8));
    assert.ok(pages.length === 1 || pages.every(({ length }) => length > 0));
  }
});

test("a number too wide for its tile in the smallest type is known to be", () => {
  assert.equal(fitsAcross(9, 2, WALL), true);
  assert.equal(fitsAcross(14, 2, WALL), false);
  assert.equal(fitsAcross(14, 3, WALL), true);
});

test("of a table's columns as many are shown as fit, one at least", () => {
  assert.equal(columnsThatFit([5, 5, 5], 12, WALL), 3);
  assert.equal(columnsThatFit([5, 10, 5], 3, WALL), 1);
  assert.equal(columnsThatFit([60, 5], 3, WALL), 1);
});

test("a small tile says what it does without", () => {
  assert.equal(lossOf(widget(1, 3, 1, "gauge"), 8), "its ring");
  assert.equal(lossOf(widget(1, 3, 2, "gauge"), 8), "");
  assert.equal(lossOf(widget(1, 3, 1, "number"), 5), "");
  assert.equal(lossOf(widget(1, 3, 1, "text"), 8), "");
});

test("who builds a board is told how many pages it takes on a wall, where they begin, and what small tiles lose", () => {
  const few = [widget(1, 12, 1, "text"), widget(2, 6, 2, "gauge")];
  assert.deepEqual(onWall(few), { sentence: "On a wall this board takes one page.", notes: new Map() });
  const { sentence, notes } = onWall([...some(9), widget(10, 12, 1, "gauge"), widget(11, 12, 1, "text")]);
  assert.equal(sentence, "On a wall this board takes 2 pages.");
  assert.deepEqual([...notes].map(([{ id }, note]) => [id, note]).slice(-3), [
    [5, "On a wall: without its chart, change and note"],
    [6, "On a wall: page 2 begins here"],
    [10, "On a wall: without its ring"],
  ]);
});
