/** Numbers as people read them: grouped, with a true minus, scaled by their unit. */

/** @typedef {{before: string, number: string, after: string}} Shown e.g. "€", "46.20", "" or "", "41", "%" */

const NARROW_SPACE = "\u202f";
const MINUS = "\u2212";
const CURRENCIES = new Set(["€", "$", "£", "¥", "₹", "CHF"]);
const SCALES = ["", "k", "M", "G", "T", "P"];

/**
 * @param {unknown} value anything but a number is shown as it is
 * @param {string} [unit] "B" and "B/s" are scaled (kB, MB …), currencies stand before the number
 * @param {number | null} [decimals] how many; by default as many as the size of the number deserves
 * @returns {Shown}
 */
export function show(value, unit = "", decimals = null) {
  if (value === null || value === undefined) return { before: "", number: "–", after: "" };
  if (typeof value !== "number") return { before: "", number: plain(value), after: unit };
  if (unit === "B" || unit.startsWith("B/")) return scaled(value, unit, decimals);
  const number = grouped(value, decimals ?? naturalDecimals(value));
  return CURRENCIES.has(unit) ? { before: unit, number, after: "" } : { before: "", number, after: unit };
}

/** The same as one text: "€ 46.20", "41 %", "8 412". */
export function showText(/** @type {unknown} */ value, unit = "", /** @type {number | null} */ decimals = null) {
  const { before, number, after } = show(value, unit, decimals);
  return [before, number, after].filter(Boolean).join(NARROW_SPACE);
}

/** A difference without its sign, and with its unit only where that says how large it is. */
export function showDifference(/** @type {number} */ difference, unit = "", /** @type {number | null} */ decimals = null) {
  const telling = unit.startsWith("B") || CURRENCIES.has(unit) || unit === "s" || unit === "ms";
  return showText(Math.abs(difference), telling ? unit : "", decimals);
}

const plain = (/** @type {unknown} */ value) => (typeof value === "boolean" ? (value ? "yes" : "no") : String(value));

/** Whole numbers have none, others as many as they have, up to about three digits that say something. */
export function naturalDecimals(/** @type {number} */ value) {
  if (Number.isInteger(value)) return 0;
  const size = Math.abs(value);
  const most = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 3;
  const own = /\.(\d+)$/.exec(String(size))?.[1].length ?? most;
  return Math.min(own, most);
}

/** A round number beside an axis: no more decimals than it needs. */
export function axisText(/** @type {number} */ value, unit = "") {
  return showText(value, unit).replace(/\.(\d*?)0+(?!\d)/, (_, kept) => (kept ? `.${kept}` : ""));
}

/** @param {number} value @param {string} unit @param {number | null} decimals @returns {Shown} */
function scaled(value, unit, decimals) {
  let step = 0;
  let small = value;
  while (Math.abs(small) >= 999.5 && step < SCALES.length - 1) {
    small /= 1000;
    step += 1;
  }
  const places = decimals ?? (step === 0 || Math.abs(small) >= 100 ? 0 : Math.abs(small) >= 10 ? 1 : 2);
  return { before: "", number: grouped(small, places), after: SCALES[step] + unit };
}

/** "−1 234.50" */
export function grouped(/** @type {number} */ value, /** @type {number} */ decimals) {
  if (Math.abs(value) >= 1e15) return value.toExponential(2).replace("e+", "e").replace("-", MINUS);
  const [whole, fraction] = Math.abs(value).toFixed(decimals).split(".");
  const spaced = whole.replace(/\B(?=(\d{3})+$)/g, NARROW_SPACE);
  const digits = fraction ? `${spaced}.${fraction}` : spaced;
  return value < 0 && /[1-9]/.test(digits) ? MINUS + digits : digits;
}
