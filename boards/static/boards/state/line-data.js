/**
 * Prepares histories for charts. No DOM.
 *
 * @typedef {import("web/runs.js").Point} Point
 */
import { pathOf, runsOf } from "web/runs.js";
import { clockSeconds, clockTime, fieldText, shortDate } from "web/time.js";

/**
 * Align several histories: a list of times, then one list of values for each history.
 *
 * At a time when only others have a value, a history has `undefined` (its line goes on) or, in a gap, null. A gap is
 * between two values that are further apart than `gaps` allows, or that have a null of the history itself between
 * them.
 *
 * @param {Point[][]} histories each oldest first
 * @param {number[]} [gaps] milliseconds without a value after which each line breaks
 * @returns {[number[], ...(number | null | undefined)[][]]}
 */
export function align(histories, gaps = []) {
  const lasts = histories.map((points, index) => lastBeforeGaps(points, gaps[index] ?? Infinity));
  // A gap needs a time at which this history has no value.
  const inside = lasts.flatMap((those) => [...those].flatMap(([at, isLong]) => (isLong ? [at + 1] : [])));
  const times = [...new Set([...histories.flat().map(([at]) => at), ...inside])].sort((a, b) => a - b);
  const columns = histories.map((points, index) => {
    const values = new Map(points);
    let inGap = false;
    return times.map((at) => {
      const value = values.get(at);
      if (value === undefined) return inGap ? null : undefined;
      inGap = value === null || lasts[index].has(at);
      return value;
    });
  });
  return [times, ...columns];
}

/**
 * The times after which a line breaks; true: because nothing came for longer than `gap`.
 * @param {Point[]} points @param {number} gap
 */
function lastBeforeGaps(points, gap) {
  /** @type {Map<number, boolean>} */
  const lasts = new Map();
  points.forEach(([at], index) => {
    const next = points[index + 1];
    if (next && (next[1] === null || next[0] - at > gap)) lasts.set(at, next[0] - at > gap);
  });
  return lasts;
}

/**
 * The indexes of values without a neighbour in a column of `align`: charts draw each as a point.
 * @param {(number | null | undefined)[]} values
 */
export function alone(values) {
  const known = values.flatMap((value, index) => (value === undefined ? [] : [{ value, index }]));
  const isMeasured = (/** @type {number} */ order) => typeof known[order]?.value === "number";
  return known.flatMap(({ index }, order) => (isMeasured(order) && !isMeasured(order - 1) && !isMeasured(order + 1) ? [index] : []));
}

/**
 * The value of a column of `align` at an index: its last one up to there; null before the first, and in a gap.
 * @param {(number | null | undefined)[]} values
 * @param {number} index
 */
export function valueAt(values, index) {
  while (index > 0 && values[index] === undefined) index -= 1;
  return values[index] ?? null;
}

/** A history over a time span is thinned when it has this many times the wanted points. */
const TOO_MANY = 3;

/**
 * The part of a history to keep: the newest `points`, or the last `span` milliseconds, thinned.
 * @param {Point[]} history oldest first
 * @param {number} points
 * @param {number | null} span
 * @returns {Point[]}
 */
export function keep(history, points, span) {
  if (span === null) return history.slice(-points);
  const from = (history.at(-1)?.[0] ?? 0) - span;
  const recent = history[0]?.[0] > from ? history : history.filter(([at]) => at > from);
  return recent.length > points * TOO_MANY ? thin(recent, Math.ceil(span / points)) : recent;
}

/**
 * Replace the points of each `step` milliseconds by their mean, at the time of the last one; the newest point stays.
 * @param {Point[]} history
 * @param {number} step
 * @returns {Point[]}
 */
export function thin(history, step) {
  /** @type {Point[]} */
  const thinned = [];
  const newest = history.at(-1);
  for (let index = 0; index < history.length - 1; ) {
    const turn = Math.floor(history[index][0] / step);
    let [sum, count] = [0, 0];
    for (; index < history.length - 1 && Math.floor(history[index][0] / step) === turn; index += 1) {
      sum += history[index][1];
      count += 1;
    }
    thinned.push([history[index - 1][0], sum / count]);
  }
  return newest ? [...thinned, newest] : thinned;
}

/**
 * The path of a sparkline in a box of `width` × `height`, "" when there are fewer than two numbers.
 * @param {Point[]} history
 * @param {number} [gap] milliseconds without a value after which it breaks
 */
export function sparkline(history, width = 100, height = 28, /** @type {number} */ most = 120, gap = Infinity) {
  const numbers = history.filter(([, value]) => typeof value === "number");
  if (numbers.length < 2) return "";
  const from = numbers.length > most ? numbers[numbers.length - most][0] : -Infinity;
  const points = numbers.slice(-most);
  const values = points.map(([, value]) => /** @type {number} */ (value));
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const [begin, end] = [points[0][0], points[points.length - 1][0]];
  const x = (/** @type {number} */ at) => (end > begin ? ((at - begin) / (end - begin)) * width : 0);
  // A constant line runs in the middle.
  const y = (/** @type {number} */ value) => (high > low ? height - ((value - low) / (high - low)) * height : height / 2);
  return pathOf(runsOf(history.filter(([at]) => at >= from), gap), x, y);
}

/**
 * The range of an axis for values from `low` to `high`: as asked for, else with some room around them.
 * @param {number} low
 * @param {number} high
 * @param {{min: number | null, max: number | null}} asked
 * @returns {[number, number]}
 */
export function roomFor(low, high, { min, max }) {
  const [from, to] = [min ?? low, max ?? high];
  // A constant line needs a scale, too; zero stays at the bottom.
  const room = to > from ? (to - from) * 0.08 : Math.max(1, Math.abs(to) * 0.1);
  return [min ?? (from === 0 ? 0 : from - room), max ?? to + room];
}

/**
 * The range of the time axis, which ends now or at the newest point. In whole milliseconds: uPlot rounds the start to
 * find its ticks, and a fraction would label each tick with the minute before.
 * @param {number | null} oldest
 * @param {number | null} newest
 * @param {number} now
 * @param {number | null} span seconds to show; null: as much as there is
 * @returns {[number, number]}
 */
export function timeRange(oldest, newest, now, span) {
  const end = Math.round(Math.max(newest ?? 0, now));
  return [span === null ? Math.round(oldest ?? end - 60_000) : end - span * 1000, end];
}

/** The label of a tick, with ticks `step` milliseconds apart. From an hour apart on, midnight shows the date. */
export function tickText(/** @type {number} */ at, /** @type {number} */ step) {
  if (step < 60_000) return clockSeconds(at);
  return step >= 3_600_000 && fieldText(at).includes("T00:00") ? shortDate(at) : clockTime(at);
}

/**
 * The difference between the newest value and the oldest one known, and over what time; null when there is nothing to
 * compare.
 * @param {Point[]} history
 * @returns {{difference: number, milliseconds: number} | null}
 */
export function change(history) {
  const points = history.filter(([, value]) => typeof value === "number");
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last || last[0] - first[0] < 1000) return null;
  return { difference: last[1] - first[1], milliseconds: last[0] - first[0] };
}
