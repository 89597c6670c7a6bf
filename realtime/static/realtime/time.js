/** Times as people read them: in the reader's time zone and the page's language, 24 hours. */

const page = globalThis.document?.documentElement.lang || "en";
export const LOCALE = page === "en" ? "en-GB" : page;

const CLOCK = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const CLOCK_SECONDS = new Intl.DateTimeFormat(LOCALE, { timeStyle: "medium", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat(LOCALE, { weekday: "long", day: "numeric", month: "long" });
const DAY_YEAR = new Intl.DateTimeFormat(LOCALE, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const WHOLE = new Intl.DateTimeFormat(LOCALE, { dateStyle: "full", timeStyle: "medium", hourCycle: "h23" });
const SHORT = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" });
const KEY = new Intl.DateTimeFormat("sv", { dateStyle: "short" });

/** @typedef {Date | string | number} Moment a Date, RFC 3339 text or unix milliseconds */

const date = (/** @type {Moment} */ moment) => new Date(moment);

/** "16:58" */
export const clockTime = (/** @type {Moment} */ moment) => CLOCK.format(date(moment));

/** "16:58:07" */
export const clockSeconds = (/** @type {Moment} */ moment) => CLOCK_SECONDS.format(date(moment));

/** "20 Nov 2026, 16:58" */
export const shortTime = (/** @type {Moment} */ moment) => SHORT.format(date(moment));

/** "Friday 20 November 2026 at 16:58:07", for titles */
export const wholeTime = (/** @type {Moment} */ moment) => WHOLE.format(date(moment));

/** "2026-11-20": equal for moments of one day where the reader is */
export const dayKey = (/** @type {Moment} */ moment) => KEY.format(date(moment));

/**
 * "Today", "Yesterday", "Friday 20 November", and with the year when that is not this one.
 * @param {Moment} moment
 * @param {Moment} [now]
 */
export function dayLabel(moment, now = Date.now()) {
  const key = dayKey(moment);
  if (key === dayKey(now)) return "Today";
  const yesterday = date(now);
  yesterday.setDate(yesterday.getDate() - 1);
  if (key === dayKey(yesterday)) return "Yesterday";
  return (key.slice(0, 4) === dayKey(now).slice(0, 4) ? DAY : DAY_YEAR).format(date(moment)).replace(",", "");
}

/**
 * An age in few letters: "0.4 s", "12 s", "14 min", "3 h", "2 d".
 * @param {number} milliseconds below zero counts as zero
 */
export function age(milliseconds) {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 1) return `${(Math.floor(seconds * 10) / 10).toFixed(1)} s`;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}
