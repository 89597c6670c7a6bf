/**
 * The times to which a board can be rewound. Pure.
 *
 * @typedef {{seconds: number, label: string}} Window how far back the slider goes
 */

/** @type {Window[]} */
const WINDOWS = [
  { seconds: 3600, label: "last hour" },
  { seconds: 6 * 3600, label: "last 6 hours" },
  { seconds: 86_400, label: "last day" },
  { seconds: 7 * 86_400, label: "last week" },
  { seconds: 31 * 86_400, label: "last month" },
];
/** Steps of the slider. */
export const STEPS = 720;

/**
 * The windows to offer when samples are kept for this many seconds: none reaches back beyond the samples.
 * @param {number} kept
 */
export function windowsFor(kept) {
  const fitting = WINDOWS.filter(({ seconds }) => seconds <= kept);
  return fitting.length ? fitting : [{ seconds: Math.max(60, kept), label: "as long as values are kept" }];
}

/** The time at a step of the slider, in whole seconds; the last step is `now`. */
export const timeAt = (/** @type {number} */ step, /** @type {number} */ seconds, /** @type {number} */ now) =>
  Math.floor((now - ((STEPS - step) / STEPS) * seconds * 1000) / 1000) * 1000;

/** The step of the slider that is nearest to a time, within its ends. */
export const stepAt = (/** @type {number} */ at, /** @type {number} */ seconds, /** @type {number} */ now) =>
  Math.min(STEPS, Math.max(0, Math.round(STEPS - ((now - at) / (seconds * 1000)) * STEPS)));

/** The smallest window that reaches back to a time; the largest when none does. */
export function windowReaching(/** @type {Window[]} */ windows, /** @type {number} */ at, /** @type {number} */ now) {
  return windows.find(({ seconds }) => now - at <= seconds * 1000) ?? windows[windows.length - 1];
}
