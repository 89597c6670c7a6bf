/**
 * The level of a number by its thresholds. Pure.
 *
 * @typedef {import("./signs.js").Level} Level
 * @typedef {{warn?: number | null, crit?: number | null, better?: string}} Limits
 */
import { showText } from "web/format.js";

/** True when small numbers are bad. */
const isBadBelow = (/** @type {Limits} */ { warn, crit, better }) =>
  typeof warn === "number" && typeof crit === "number" && warn !== crit ? crit < warn : better === "up";

/**
 * @param {unknown} value
 * @param {Limits} limits
 * @returns {Level | null} null: there are no limits, or no number
 */
export function levelOf(value, limits) {
  const { warn = null, crit = null } = limits;
  if (typeof value !== "number" || (warn === null && crit === null)) return null;
  const reaches = (/** @type {number | null} */ limit) =>
    limit !== null && (isBadBelow(limits) ? value <= limit : value >= limit);
  return reaches(crit) ? "crit" : reaches(warn) ? "warn" : "ok";
}

/**
 * Why a number has its level: "90 % or more".
 * @param {Level} level
 * @param {Limits} limits
 */
export function whyLevel(level, limits, unit = "", /** @type {number | null} */ decimals = null) {
  const limit = level === "crit" ? limits.crit : level === "warn" ? limits.warn : null;
  if (limit === null || limit === undefined) return "";
  return `${showText(limit, unit, decimals)} or ${isBadBelow(limits) ? "less" : "more"}`;
}
