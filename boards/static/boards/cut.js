/** The part of a tile that is cut off at the bottom. */

/** The elements that can be cut, and the pieces they consist of; a text is one piece. */
const CUT = ".rows:not(.chart__table), .list, .status-list, .prose, .words, .legend";
const PARTS = "tbody tr, li, .legend__line";
const TEXT = ".prose, .words";

/** @typedef {{rows: number, worst: "crit" | "warn" | ""}} Cut rows: how many are cut, Infinity for part of a text; worst: the worst level of fresh values among them */

/** @type {Cut} */
export const WHOLE = { rows: 0, worst: "" };

/** @param {Cut} now @param {Cut} [was] */
export const isOther = (now, was) => now.rows !== was?.rows || now.worst !== was.worst;

/**
 * @param {HTMLElement} body a tile's body; its `.tile__more` covers the end when something is cut
 * @returns {Cut} what lies below the visible part
 */
export function cutOf(body) {
  const box = body.querySelector(CUT);
  if (!box) return WHOLE;
  const bottom = Math.min(box.getBoundingClientRect().bottom, body.getBoundingClientRect().bottom);
  const parts = box.matches(TEXT) ? [] : box.querySelectorAll(PARTS);
  const end = parts.length ? bottomOf(parts[parts.length - 1]) : box.getBoundingClientRect().top + box.scrollHeight - box.scrollTop;
  if (end <= bottom + 2) return WHOLE;
  if (!parts.length) return { rows: Infinity, worst: "" };
  const rows = countBelow(parts.length, (index) => bottomOf(parts[index]), bottom - coverOf(body, bottom));
  const unseen = [...parts].slice(parts.length - rows);
  // A row that is old or failing says nothing about the present.
  const fresh = unseen.filter((part) => !part.matches("[data-stale]"));
  const has = (/** @type {string} */ level) => fresh.some((part) => part.querySelector(`[data-level="${level}"]`));
  return { rows, worst: has("crit") ? "crit" : has("warn") ? "warn" : "" };
}

/** How many pixels of the end the notice covers; 0 where it stands beside the title. @param {HTMLElement} body @param {number} bottom */
function coverOf(body, bottom) {
  const more = body.querySelector(".tile__more")?.getBoundingClientRect();
  return more && more.top > body.getBoundingClientRect().top ? Math.min(more.height, Math.max(0, bottom - more.top)) : 0;
}

/** Hide what is cut, so that no row shows in part: nobody can scroll on a wall. @param {HTMLElement} body @param {Cut} cut */
export function hideCut(body, { rows }) {
  const parts = body.querySelector(CUT)?.querySelectorAll(PARTS) ?? [];
  parts.forEach((part, index) => part.toggleAttribute("data-unseen", index >= parts.length - rows));
}

const bottomOf = (/** @type {Element} */ part) => part.getBoundingClientRect().bottom;

/**
 * How many of `count` stacked things end below `limit`. Measures only a few: a table may have thousands.
 * @param {number} count
 * @param {(index: number) => number} bottomAt
 * @param {number} limit
 */
export function countBelow(count, bottomAt, limit) {
  let [seen, below] = [0, count];
  while (seen < below) {
    const middle = Math.floor((seen + below) / 2);
    if (bottomAt(middle) > limit + 2) below = middle;
    else seen = middle + 1;
  }
  return count - seen;
}
