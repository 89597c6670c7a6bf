/** Formats times for people: in the page's time zone, in English, in the style of the reader's region. */

/** The locale: English in the style of the reader's region, such as "en-DE" for a browser that speaks German. */
export function localeFor(/** @type {string} */ language) {
  try {
    const reader = new Intl.Locale(language);
    if (reader.language === "en") return reader.toString();
    return new Intl.Locale("en", { region: reader.maximize().region }).toString();
  } catch {
    return "en-GB"; // a kiosk without a locale says "C"
  }
}

export const LOCALE = localeFor(globalThis.document ? navigator.language : "en-GB");

const hour = new Intl.DateTimeFormat(LOCALE, { hour: "numeric" }).resolvedOptions().hour12 ? "numeric" : "2-digit";

const STYLES = /** @type {Record<string, [string, Intl.DateTimeFormatOptions]>} */ ({
  clock: [LOCALE, { hour, minute: "2-digit" }],
  seconds: [LOCALE, { hour, minute: "2-digit", second: "2-digit" }],
  date: [LOCALE, { day: "numeric", month: "short" }],
  day: [LOCALE, { weekday: "long", day: "numeric", month: "long" }],
  dayYear: [LOCALE, { weekday: "long", day: "numeric", month: "long", year: "numeric" }],
  dateYear: [LOCALE, { dateStyle: "medium" }],
  whole: [LOCALE, { dateStyle: "full", timeStyle: "medium" }],
  short: [LOCALE, { dateStyle: "medium", timeStyle: "short" }],
  key: ["sv", { dateStyle: "short" }],
  field: ["sv", { dateStyle: "short", timeStyle: "medium" }],
});

/** The page's time zone, such as "Europe/Oslo"; "" is the reader's. */
export let pageZone = "";
/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** Show all times of this page in `zone`; "", or a zone that the browser does not know, means the reader's. */
export function useZone(/** @type {string} */ zone) {
  if (zone === pageZone) return;
  try {
    new Intl.DateTimeFormat(LOCALE, { timeZone: zone || undefined });
    pageZone = zone;
  } catch {
    pageZone = "";
  }
}

/** @typedef {Date | string | number} Moment a Date, RFC 3339 text or unix milliseconds */

const date = (/** @type {Moment} */ moment) => new Date(moment);

/** The formatter for a style in a time zone; cached, since making one is slow. */
export function formatOf(/** @type {string} */ style, zone = pageZone) {
  const key = `${style} ${zone}`;
  let format = formats.get(key);
  if (!format) {
    const [locale, options] = STYLES[style];
    format = new Intl.DateTimeFormat(locale, { ...options, ...(zone && { timeZone: zone }) });
    formats.set(key, format);
  }
  return format;
}

const telling = (/** @type {string} */ style) => (/** @type {Moment} */ moment) => formatOf(style).format(date(moment));

/** "16:58", or "4:58 PM" */
export const clockTime = telling("clock");

/** "16:58:07" */
export const clockSeconds = telling("seconds");

/** "20 Nov" */
export const shortDate = telling("date");

/** "20 Nov 2026" */
export const wholeDate = telling("dateYear");

/** "20 Nov 2026, 16:58" */
export const shortTime = telling("short");

/** "Friday 20 November 2026 at 16:58:07", for titles */
export const wholeTime = telling("whole");

/** "2026-11-20": equal for moments of one day */
export const dayKey = telling("key");

/** "Oslo", for "Europe/Oslo" */
export const placeOf = (/** @type {string} */ zone) => zone.split("/").at(-1)?.replaceAll("_", " ") ?? "";

/** The city of the page's time zone; "" when it is the reader's own. */
export const elsewhere = (/** @type {Moment} */ moment) =>
  formatOf("field").format(date(moment)) === formatOf("field", "").format(date(moment)) ? "" : placeOf(pageZone);

/** A time in the form of an input of type datetime-local: in the page's zone, in whole seconds. */
export const fieldText = (/** @type {Moment} */ moment) => telling("field")(moment).replace(" ", "T");

/**
 * The time in such an input, unix milliseconds. When clocks change, a time may exist twice or never: then one nearby.
 */
export function fieldTime(/** @type {string} */ text) {
  const asIfUtc = Date.parse(`${text}Z`);
  const ahead = (/** @type {number} */ at) => Date.parse(`${fieldText(at)}Z`) - Math.floor(at / 1000) * 1000;
  return asIfUtc - ahead(asIfUtc - ahead(asIfUtc));
}

/**
 * "Today", "Yesterday", "Friday 20 November"; with the year when it is another one.
 * @param {Moment} moment
 * @param {Moment} [now]
 */
export function dayLabel(moment, now = Date.now()) {
  const key = dayKey(moment);
  if (key === dayKey(now)) return "Today";
  const yesterday = date(now);
  yesterday.setDate(yesterday.getDate() - 1);
  if (key === dayKey(yesterday)) return "Yesterday";
  return formatOf(key.slice(0, 4) === dayKey(now).slice(0, 4) ? "day" : "dayYear").format(date(moment)).replace(",", "");
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
