/** What of a tile nobody sees, because it is cut at the bottom. */

/** What is cut, and what it consists of; a text is one piece. */
const CUT = ".rows:not(.chart__table), .list, .status-list, .prose, .words";
const PARTS = "tbody tr, li";
const WHOLE = ".prose, .words";

/**
 * @param {HTMLElement} body a tile's; its `.tile__more` is what covers its end then
 * @returns {number} how many rows are below what is seen, Infinity for a part of a text, 0 when all is to be seen
 */
export function countCut(body) {
  const box = body.querySelector(CUT);
  if (!box) return 0;
  const bottom = Math.min(box.getBoundingClientRect().bottom, body.getBoundingClientRect().bottom);
  const parts = box.matches(WHOLE) ? [] : box.querySelectorAll(PARTS);
  const end = parts.length ? bottomOf(parts[parts.length - 1]) : box.getBoundingClientRect().top + box.scrollHeight - box.scrollTop;
  if (end <= bottom + 2) return 0;
  if (!parts.length) return Infinity;
  return countBelow(parts.length, (index) => bottomOf(parts[index]), bottom - (body.querySelector(".tile__more")?.clientHeight ?? 0));
}

const bottomOf = (/** @type {Element} */ part) => part.getBoundingClientRect().bottom;

/**
 * How many of `count` things below each other end below `limit`. Looks at few of them: a table has thousands.
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
