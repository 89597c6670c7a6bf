import assert from "node:assert/strict";
import { test } from "node:test";
import { align, alone, change, keep, roomFor, sparkline, thin, tickText, timeRange, valueAt } from "boards/state/line-data.js";
import { useZone } from "web/time.js";

test("histories are laid side by side by time", () => {
  assert.deepEqual(
    align([
      [[1, 10], [3, 30]],
      [[2, 5], [3, 6]],
    ]),
    [
      [1, 2, 3],
      [10, undefined, 30],
      [undefined, 5, 6],
    ],
  );
  assert.deepEqual(align([[]]), [[], []]);
});

test("a line breaks where nothing came for too long", () => {
  assert.deepEqual(align([[[0, 1], [1000, 2], [9000, 3]]], [5000]), [
    [0, 1000, 1001, 9000],
    [1, 2, null, 3],
  ]);
});

test("a gap of one line reaches to its next value, whatever other lines have meanwhile", () => {
  const [times, first, second] = align(
    [
      [[0, 1], [2000, 1], [9000, 1]],
      [[1000, 5], [3000, 5], [4000, 5], [5000, 5]],
    ],
    [3000, 3000],
  );
  assert.deepEqual(times, [0, 1000, 2000, 2001, 3000, 4000, 5000, 9000]);
  assert.deepEqual(first, [1, undefined, 1, null, null, null, null, 1]);
  assert.deepEqual(second, [undefined, 5, undefined, undefined, 5, 5, 5, undefined]);
});

test("where a line says itself that there was nothing, nothing is drawn up to its next value", () => {
  const [, line] = align([[[0, 1], [2, null], [6, 3]], [[1, 0], [3, 0], [4, 0]]]);
  assert.deepEqual(line, [1, null, null, null, null, 3]);
});

/** Chance that comes the same way each time: numbers from 0 to below `most`. */
function chance(/** @type {number} */ seed) {
  let state = seed;
  return (/** @type {number} */ most) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
}

test("of any histories each line is drawn between two of its values just when they are neighbours without a gap", () => {
  for (let seed = 0; seed < 500; seed += 1) {
    const below = chance(seed);
    /** @type {[number, any][][]} */
    const histories = Array.from({ length: 1 + below(4) }, () => {
      let at = below(20);
      return Array.from({ length: below(12) }, () => [(at += 1 + below(below(3) ? 8 : 60)), below(6) ? below(100) : null]);
    });
    const gaps = histories.map(() => 2 + below(40));
    const [times, ...columns] = align(histories, gaps);
    assert.deepEqual(times, [...new Set(times)].sort((a, b) => a - b));
    histories.forEach((points, line) => {
      const values = columns[line];
      for (const [at, value] of points) assert.equal(values[times.indexOf(at)], value, `seed ${seed}`);
      const own = new Set(points.map(([at]) => at));
      assert.ok(times.every((at, index) => own.has(at) || typeof values[index] !== "number"), "nothing is made up");
      points.forEach(([at, value], index) => {
        const later = points.slice(index + 1);
        const next = later.find(([, each]) => each !== null);
        if (value === null || !next) return;
        const between = values.slice(times.indexOf(at) + 1, times.indexOf(next[0]));
        const isGap = next !== later[0] || next[0] - at > gaps[line];
        if (isGap) assert.ok(between.length && between.every((each) => each === null), `a gap: seed ${seed}`);
        else assert.ok(!between.includes(null), `no gap: seed ${seed}`);
      });
    });
  }
});

test("a value between two gaps is drawn as a point of its own", () => {
  assert.deepEqual(alone([1, undefined, 1, null, 5, undefined, null, 3, 4]), [4]);
  assert.deepEqual(alone([7, null, undefined, 8]), [0, 3]);
  assert.deepEqual(alone([7, undefined, 8]), []);
  assert.deepEqual(alone([]), []);
});

test("the value of a line at a moment is its last one, none in a gap", () => {
  const values = [undefined, 5, undefined, null, null, 6];
  assert.deepEqual(values.map((_, index) => valueAt(values, index)), [null, 5, 5, null, null, 6]);
});

test("a sparkline breaks where nothing was measured, and shows a value that stands alone", () => {
  assert.equal(sparkline([[0, 1], [2, 3], [8, 3], [10, 2]], 100, 20, 120, 5), "M0 20L20 0M80 0L100 10");
  assert.equal(sparkline([[0, 1], [2, 3], [5, null], [8, 3], [10, 2]], 100, 20), "M0 20L20 0M80 0L100 10");
  assert.equal(sparkline([[0, 1], [4, 3], [10, 2]], 100, 20, 120, 5), "M0 20L40 0M100 10h0");
});

test("a sparkline fills its box", () => {
  assert.equal(sparkline([[0, 1], [5, 3], [10, 2]], 100, 20), "M0 20L50 0L100 10");
});

test("a line that never changes runs in the middle", () => {
  assert.equal(sparkline([[0, 7], [10, 7]], 100, 20), "M0 10L100 10");
});

test("one point is no line, and what is no number no point", () => {
  assert.equal(sparkline([[0, 1]]), "");
  assert.equal(sparkline([[0, 1], [1, null]]), "");
});

test("a sparkline shows the newest points only", () => {
  assert.equal(sparkline([[0, 100], [1, 1], [2, 2]], 10, 10, 2), "M0 10L10 0");
});

test("the change is from the oldest to the newest value", () => {
  assert.deepEqual(change([[0, 10], [30_000, 5], [60_000, 12]]), { difference: 2, milliseconds: 60_000 });
  assert.equal(change([[0, 10]]), null);
  assert.equal(change([[0, 10], [10, 11]]), null);
  assert.equal(change([]), null);
});

test("an axis leaves room, except where it was told its ends", () => {
  const free = { min: null, max: null };
  assert.deepEqual(roomFor(100, 200, free), [92, 208]);
  assert.deepEqual(roomFor(20, 80, { min: 0, max: 100 }), [0, 100]);
  assert.deepEqual(roomFor(0, 0, free), [0, 1]);
  assert.deepEqual(roomFor(50, 50, free), [45, 55]);
});

test("the time axis ends now, in whole milliseconds, so that its ticks are on the minute", () => {
  assert.deepEqual(timeRange(1000, 5000, 5000.7, 60), [5001 - 60_000, 5001]);
  assert.deepEqual(timeRange(1000, 9000, 5000.2, 60), [9000 - 60_000, 9000]);
  assert.deepEqual(timeRange(1000.6, 5000, 5000, null), [1001, 5000]);
  assert.deepEqual(timeRange(null, null, 90_000.5, null), [30_001, 90_001]);
});

/** @returns {[number, any][]} points one second apart */
const seconds = (/** @type {number} */ from, /** @type {number} */ to) =>
  Array.from({ length: to - from }, (_, index) => [(from + index) * 1000, from + index]);

test("a history keeps so many points, or so much time", () => {
  assert.deepEqual(keep(seconds(0, 10), 3, null), seconds(7, 10));
  assert.deepEqual(keep(seconds(0, 10), 3, 5000), seconds(5, 10));
  assert.deepEqual(keep([], 3, 5000), []);
});

test("a history with far too many points for its time is thinned to means, its newest point stays", () => {
  const kept = keep(seconds(0, 100), 10, 100_000);
  assert.equal(kept.length, 11);
  assert.deepEqual([kept[0], kept.at(-1)], [[9000, 4.5], [99_000, 99]]);
  assert.deepEqual(thin(seconds(0, 1), 1000), seconds(0, 1));
  assert.deepEqual(thin([], 1000), []);
});

test("the time axis tells times in the page's zone, and the date where a day begins", () => {
  useZone("Europe/Oslo");
  const midnight = Date.parse("2026-11-20T23:00:00Z");
  assert.deepEqual([tickText(midnight, 30_000), tickText(midnight, 60_000), tickText(midnight, 3_600_000)], ["00:00:00", "00:00", "21 Nov"]);
  assert.equal(tickText(midnight + 6 * 3_600_000, 6 * 3_600_000), "06:00");
  useZone("");
});
