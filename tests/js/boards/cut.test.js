import assert from "node:assert/strict";
import { test } from "node:test";
import { countBelow, cutOf, hideCut, isOther, WHOLE } from "boards/cut.js";
import { FakeElement } from "../pages.js";

test("rows below what is seen are counted without a look at each", () => {
  for (const count of [0, 1, 7, 2000]) {
    for (const whole of [0, 1, 3, 7, 1999, 2000]) {
      let looks = 0;
      const bottomAt = (/** @type {number} */ index) => ((looks += 1), (index + 1) * 20);
      assert.equal(countBelow(count, bottomAt, whole * 20), Math.max(0, count - whole));
      assert.ok(looks <= 12, `${looks} looks`);
    }
  }
});

/** Where something stands in a tile: from `top` to `bottom`, in pixels. */
const at = (/** @type {number} */ top, /** @type {number} */ bottom, /** @type {object} */ more = {}) =>
  new FakeElement({ box: { left: 0, top, width: 100, height: bottom - top }, ...more });

/** A row of a list: with a level, or stale. */
const row = (/** @type {number} */ top, level = "", stale = false) =>
  at(top, top + 20, { matches: () => stale, querySelector: (/** @type {string} */ selector) => (level && selector.includes(level) ? {} : null) });

/** A tile's body of 100 pixels with ten rows of 20, seen from the top. @param {FakeElement[]} rows @param {FakeElement | null} more */
function bodyOf(rows, more = null, isText = false) {
  const box = at(0, 200, { scrollHeight: 20 * rows.length, scrollTop: 0, matches: () => isText, querySelectorAll: () => rows });
  const body = at(0, 100, { querySelector: (/** @type {string} */ selector) => (selector === ".tile__more" ? more : box) });
  return /** @type {any} */ (body);
}
const rows = (/** @type {number} */ count, level = "") => Array.from({ length: count }, (_, index) => row(20 * index, index === count - 1 ? level : ""));

test("what fits is whole", () => {
  assert.deepEqual(cutOf(bodyOf(rows(5))), WHOLE);
  assert.deepEqual(cutOf(/** @type {any} */ (new FakeElement())), WHOLE);
});

test("rows that are cut are counted, those under the words about them too", () => {
  assert.equal(cutOf(bodyOf(rows(10))).rows, 5);
  assert.equal(cutOf(bodyOf(rows(10), at(85, 100))).rows, 6);
  assert.equal(cutOf(bodyOf(rows(10), at(0, 15))).rows, 5, "words beside the title cover nothing");
  assert.equal(cutOf(bodyOf(rows(10), at(110, 125))).rows, 5, "words below the tile cover nothing");
});

test("the worst that nobody sees is told, unless it is old", () => {
  assert.equal(cutOf(bodyOf(rows(10, "crit"))).worst, "crit");
  assert.equal(cutOf(bodyOf(rows(10, "warn"))).worst, "warn");
  assert.equal(cutOf(bodyOf([...rows(9), row(180, "crit", true)])).worst, "");
  assert.equal(cutOf(bodyOf([row(0, "crit"), ...rows(10).slice(1)])).worst, "", "that one is seen");
});

test("a text is cut as one piece", () => {
  assert.equal(cutOf(bodyOf(rows(10), null, true)).rows, Infinity);
  assert.deepEqual(cutOf(bodyOf(rows(5), null, true)), WHOLE);
});

test("on a wall what is cut is hidden, and shown again when it fits", () => {
  const all = rows(10);
  const unseen = () => all.filter(({ attributes }) => attributes.has("data-unseen")).length;
  hideCut(bodyOf(all), { rows: 4, worst: "" });
  assert.equal(unseen(), 4);
  hideCut(bodyOf(all), WHOLE);
  assert.equal(unseen(), 0);
});

test("a cut is another one when its rows or their worst differ", () => {
  assert.equal(isOther({ rows: 1, worst: "" }, { rows: 1, worst: "" }), false);
  assert.equal(isOther({ rows: 1, worst: "" }, { rows: 2, worst: "" }), true);
  assert.equal(isOther({ rows: 1, worst: "warn" }, { rows: 1, worst: "" }), true);
  assert.equal(isOther(WHOLE), true);
});
