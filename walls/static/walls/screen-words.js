/** The texts about a screen in the list. No DOM. */
import { age } from "web/time.js";

/**
 * @typedef {{
 *   id: number, name: string, wall: string | null, link: string | null, user: {guest: boolean} | null, connected: boolean, board: string,
 *   build: string, current: boolean, opened_at: string, seen_at: string, painted_at: string | null,
 * }} Told
 */

/** A screen that has not reported a painted frame for this many milliseconds is late. */
const LATE = 45_000;

const since = (/** @type {string} */ time, /** @type {number} */ now) => now - Date.parse(time);

/** @param {Pick<Told, "painted_at">} screen @param {number} now unix milliseconds @returns {{isLate: boolean, text: string}} */
export function paintedWords({ painted_at }, now) {
  if (painted_at === null) return { isLate: false, text: "has not said what it paints" };
  const painted = since(painted_at, now);
  return { isLate: painted > LATE, text: `last frame ${age(painted)} ago` };
}

/** @param {Pick<Told, "build" | "current">} screen */
export const buildWords = ({ build, current }) => (build ? `build ${build}${current ? "" : " (an old one)"}` : "build unknown");

/** @param {Pick<Told, "seen_at">} screen @param {number} now unix milliseconds */
export const awayWords = ({ seen_at }, now) => `not connected since ${age(since(seen_at, now))}`;
