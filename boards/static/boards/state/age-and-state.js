/**
 * The age of a tile's data, and the state of its producer.
 * (connection.js knows whether this screen is connected.)
 *
 * @typedef {import("./board-state.js").Stream} Stream
 * @typedef {"empty" | "failing" | "unknown" | "old" | "fresh"} Truth the worst that is true of a tile
 * @typedef {{truth: Truth, old: boolean, age: string, notes: Note[]}} Told
 *   old: the age is over the limit, whatever else; age: "" when there is no value yet
 * @typedef {{truth: Truth, text: string}} Note
 */
import { age } from "web/time.js";

/** An age that does not flicker: in whole seconds, at least one. */
export const calmAge = (/** @type {number} */ milliseconds) => age(Math.max(1000, milliseconds));

/** "5 s", "2 min", "90 min" for a number of seconds. */
export function duration(/** @type {number} */ seconds) {
  if (seconds < 1) return `${seconds} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

const isOld = (/** @type {Stream} */ { at, staleAfter }, /** @type {number} */ now) =>
  at !== null && staleAfter !== null && now - at > staleAfter * 1000;

/** @returns {Truth} */
export function truthOf(/** @type {Stream} */ stream, /** @type {number} */ now) {
  if (stream.state === "error") return "failing";
  if (stream.state === "unknown") return "unknown";
  if (stream.at === null) return "empty";
  return isOld(stream, now) ? "old" : "fresh";
}

/** What is wrong with a stream; null when it is fresh. */
export function staleOf(/** @type {Stream} */ stream, /** @type {number} */ heardAt) {
  const truth = truthOf(stream, heardAt);
  return truth === "fresh" ? null : truth;
}

/** @type {Truth[]} worst first */
const ORDER = ["failing", "unknown", "empty", "old", "fresh"];

/**
 * Say what is true of a tile that shows `streams`, at the server's time `now`.
 * @param {Stream[]} streams
 * @param {number} now unix milliseconds
 * @param {number} [heardAt] the time up to which this screen is up to date: after it, missing values may be this
 * screen's own fault
 * @returns {Told}
 */
export function tell(streams, now, heardAt = now) {
  const truths = streams.map((stream) => truthOf(stream, heardAt));
  const notes = streams.flatMap((stream, index) => {
    const text = note(stream, truths[index], now);
    return text ? { truth: truths[index], text, label: stream.label } : [];
  });
  return {
    truth: ORDER.find((each) => truths.includes(each)) ?? "empty",
    old: streams.some((stream) => isOld(stream, heardAt)),
    age: ageOf(streams, now),
    notes: together(notes, streams.length),
  };
}

/** The best state of any of `streams`, which is the state of the tile as a whole. @returns {Truth} */
export function truthOfAll(/** @type {Stream[]} */ streams, /** @type {number} */ heardAt) {
  const truths = streams.map((stream) => truthOf(stream, heardAt));
  return ORDER.findLast((each) => truths.includes(each)) ?? "fresh";
}

/**
 * Say in a word or two what is wrong with `streams`, worst first: "failing", "5 min old"; with a number when only some
 * are.
 * @param {Stream[]} streams
 * @param {number} now unix milliseconds
 * @param {number} [heardAt] as for `tell`
 * @returns {Note[]}
 */
export function marksOf(streams, now, heardAt = now) {
  const old = streams.filter((stream) => isOld(stream, heardAt));
  const failing = streams.filter(({ state }) => state === "error");
  const unknown = streams.filter(({ state }) => state === "unknown");
  const mark = (/** @type {Truth} */ truth, /** @type {Stream[]} */ those, /** @type {string} */ word, /** @type {string} */ ofAll) => {
    if (!those.length) return [];
    return [{ truth, text: those.length === streams.length ? ofAll : `${those.length} ${word}` }];
  };
  return [
    ...mark("failing", failing, "failing", "failing"),
    ...mark("unknown", unknown, "not running", "not running"),
    ...mark("old", old, "old", `${ageOf(old, now)} old`),
  ];
}

/**
 * Merge equal notes into one, and name the streams unless it is true of all.
 * @param {{truth: Truth, text: string, label: string}[]} notes
 * @param {number} all how many streams there are
 * @returns {Note[]}
 */
function together(notes, all) {
  return [...new Set(notes.map(({ text }) => text))].map((text) => {
    const those = notes.filter((each) => each.text === text);
    const labels = those.map(({ label }) => label).join(", ");
    return { truth: those[0].truth, text: those.length === all ? text : `${labels}: ${text}` };
  });
}

/** The age to show for several streams: of the one furthest over its limit, else of the one with the shortest limit. */
function ageOf(/** @type {Stream[]} */ streams, /** @type {number} */ now) {
  const known = streams.flatMap(({ at, staleAfter }) => (at === null ? [] : { age: now - at, limit: (staleAfter ?? Infinity) * 1000 }));
  if (!known.length) return "";
  const over = known.filter(({ age, limit }) => age > limit);
  const told = over.length
    ? over.reduce((worst, each) => (each.age / each.limit > worst.age / worst.limit ? each : worst))
    : known.reduce((liveliest, each) => (each.limit < liveliest.limit ? each : liveliest));
  return calmAge(told.age);
}

/** @param {Stream} stream @param {Truth} truth @param {number} now */
function note(stream, truth, now) {
  if (truth === "failing") return `producer failing: ${stream.error ?? "no reason given"}${retry(stream, now)}`;
  if (truth === "unknown") return stream.at === null ? "waiting for its producer" : "its producer is not running";
  if (truth === "old") return `expected within ${duration(stream.staleAfter ?? 0)}`;
  if (truth !== "empty") return "";
  // A rewound board has only samples, no states of producers.
  return stream.state === null ? "no value then" : "no value yet";
}

function retry(/** @type {Stream} */ { retryAt }, /** @type {number} */ now) {
  if (retryAt === null) return "";
  const seconds = Math.ceil((retryAt - now) / 1000);
  return seconds > 0 ? `, retry in ${duration(seconds)}` : ", retrying";
}
