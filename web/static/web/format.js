/** Formats numbers for people: by the reader's region, grouped, with a real minus sign, scaled by their unit. */
import { LOCALE, shortTime } from "./time.js";

/** @typedef {{before: string, number: string, after: string}} Shown e.g. "€", "46.20", "" or "", "41", "%" */

const NARROW_SPACE = "\u202f";
const MINUS = "\u2212";
/** Currency codes by sign or name. */
const CURRENCIES = /** @type {Record<string, string>} */ ({
  "€": "EUR",
  $: "USD",
  "£": "GBP",
  "¥": "JPY",
  "₹": "INR",
  ...Object.fromEntries(["EUR", "USD", "GBP", "JPY", "INR", "CHF", "NOK", "SEK", "DKK", "PLN"].map((code) => [code, code])),
});
const SCALES = ["", "k", "M", "G", "T", "P"];
/** The units of long times, in seconds. */
const TIMES = /** @type {[string, number][]} */ ([["d", 86_400], ["h", 3600], ["min", 60], ["s", 1]]);
/** Up to this many seconds, a time is shown in seconds only. */
const FEW_SECONDS = 120;

/**
 * @param {unknown} value a number; a time with a zone is shown in the reader's zone, anything else unchanged
 * @param {string} [unit] "B" and "B/s" are scaled (kB, MB …), "s" and "ms" become times, currencies stand where the
 *   language has them
 * @param {number | null} [decimals] how many; by default it depends on the size of the number
 * @param {boolean} [compact] 1.2 k instead of 1 200
 * @returns {Shown}
 */
export function show(value, unit = "", decimals = null, compact = false) {
  if (value === null || value === undefined) return { before: "", number: "–", after: "" };
  if (typeof value !== "number") return { before: "", number: plain(value), after: unit };
  if (unit === "B" || unit.startsWith("B/")) return scaled(value, unit, decimals);
  if (CURRENCIES[unit]) return money(value, unit, decimals, compact);
  if (decimals === null && (unit === "s" || unit === "ms")) return time(unit === "s" ? value : value / 1000);
  if (compact && Math.abs(value) >= 1000) return scaled(value, unit, decimals);
  return { before: "", number: grouped(value, decimals ?? naturalDecimals(value)), after: unit };
}

/** The same as one text: "€ 46.20", "41 %", "8 412". */
export function showText(/** @type {unknown} */ value, unit = "", /** @type {number | null} */ decimals = null, compact = false) {
  const { before, number, after } = show(value, unit, decimals, compact);
  return [before, number, after].filter(Boolean).join(NARROW_SPACE);
}

/**
 * A difference without its sign; with its unit only for bytes, money and times, where the number alone would not tell
 * the size.
 */
export function showDifference(/** @type {number} */ difference, unit = "", /** @type {number | null} */ decimals = null, compact = false) {
  const telling = unit.startsWith("B") || unit in CURRENCIES || unit === "s" || unit === "ms";
  return showText(Math.abs(difference), telling ? unit : "", decimals, compact);
}

/** Matches a time with a zone, as databases, feeds and programs write it. */
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

function plain(/** @type {unknown} */ value) {
  if (typeof value === "boolean") return value ? "yes" : "no";
  const text = String(value);
  return MOMENT.test(text) && !Number.isNaN(Date.parse(text)) ? shortTime(text) : text;
}

/** Whole numbers get no decimals; others as many as they have, up to about three significant digits. */
export function naturalDecimals(/** @type {number} */ value) {
  if (Number.isInteger(value)) return 0;
  const size = Math.abs(value);
  const most = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 3;
  const own = /\.(\d+)$/.exec(String(size))?.[1].length ?? most;
  return Math.min(own, most);
}

/** A round number for an axis: short, with only the decimals that it needs. */
export function axisText(/** @type {number} */ value, unit = "") {
  const text = showText(value, unit, null, Math.abs(value) >= 10_000);
  return text.replace(/([.,]\d*?)0+(?!\d)/, (_, kept) => (kept.length > 1 ? kept : ""));
}

/** @param {number} value @param {string} unit @param {number | null} decimals @returns {Shown} */
function scaled(value, unit, decimals) {
  let step = 0;
  let small = value;
  while (Math.abs(small) >= 999.5 && step < SCALES.length - 1) {
    small /= 1000;
    step += 1;
  }
  const size = Math.abs(small);
  // Bytes keep three digits, so that the width is steady; other thousands are rounded more.
  const three = unit.startsWith("B") ? (size >= 100 ? 0 : size >= 10 ? 1 : 2) : size >= 100 ? 0 : 1;
  const after = unit.startsWith("B") ? SCALES[step] + unit : [SCALES[step], unit].filter(Boolean).join(NARROW_SPACE);
  return { before: "", number: grouped(small, decimals ?? (step === 0 ? 0 : three)), after };
}

/** @param {number} value @param {string} unit @param {number | null} decimals @param {boolean} compact @returns {Shown} */
function money(value, unit, decimals, compact) {
  const short = compact && Math.abs(value) >= 1000 ? scaled(value, "", decimals) : null;
  const whole = Math.abs(value) >= 100_000 ? 0 : currencyDigits(CURRENCIES[unit]);
  const number = short?.number ?? grouped(value, decimals ?? whole);
  const [before, after] = currencyIsFirst ? [unit, ""] : ["", unit];
  return { before, number, after: [short?.after, after].filter(Boolean).join(NARROW_SPACE) };
}

const currencyDigits = (/** @type {string} */ currency) =>
  new Intl.NumberFormat(LOCALE, { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;

const currencyIsFirst =
  new Intl.NumberFormat(LOCALE, { style: "currency", currency: "EUR" }).formatToParts(1)[0].type === "currency";

/** A time: "420 ms", "42.3 s", "1 h 7 min". @returns {Shown} */
function time(/** @type {number} */ seconds) {
  const size = Math.abs(seconds);
  if (size === 0) return { before: "", number: "0", after: "s" };
  if (size < 1) return { before: "", number: grouped(seconds * 1000, size < 0.01 ? 1 : 0), after: "ms" };
  if (size < FEW_SECONDS) return { before: "", number: grouped(seconds, naturalDecimals(Math.round(seconds * 10) / 10)), after: "s" };
  const place = (/** @type {number} */ most) => TIMES.findIndex(([, length]) => most >= length);
  // Round before choosing the unit, or there would be "60 min".
  const rough = TIMES[place(size) + 1][1];
  const rounded = Math.round(size / rough) * rough;
  const [[unit, length], [smaller, part]] = TIMES.slice(place(rounded));
  const [whole, rest] = [Math.floor(rounded / length), Math.round((rounded % length) / part)];
  const sign = seconds < 0 ? MINUS : "";
  const number = `${sign}${grouped(whole, 0)}${NARROW_SPACE}${unit}${rest ? ` ${rest}${NARROW_SPACE}${smaller}` : ""}`;
  return { before: "", number, after: "" };
}

/** @type {Map<number, Intl.NumberFormat>} */
const formats = new Map();
/** Readers of English get groups separated by narrow spaces, as in science; others what is usual in their region. */
const english = !globalThis.document || navigator.language.startsWith("en");

/** "−1 234.50": groups separated by a narrow space for readers of English. */
export function grouped(/** @type {number} */ value, /** @type {number} */ decimals) {
  if (Math.abs(value) >= 1e15) return value.toExponential(2).replace("e+", "e").replace("-", MINUS);
  let format = formats.get(decimals);
  if (!format) {
    const fraction = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
    format = new Intl.NumberFormat(LOCALE, { ...fraction, signDisplay: "negative" });
    formats.set(decimals, format);
  }
  return format
    .formatToParts(value)
    .map(({ type, value: part }) => (type === "minusSign" ? MINUS : type === "group" && english ? NARROW_SPACE : part))
    .join("");
}
