/** The order of a table's rows. Pure. */

/**
 * @param {Record<string, Record<string, any>>} rows by key
 * @param {string} [sort] the field to sort by, with "-" the largest first; else by key
 * @param {string[] | null} [held] an order to keep: rows that it lacks come last
 * @returns {string[]} keys
 */
export function orderOf(rows, sort = "", held = null) {
  const sorted = Object.keys(rows).sort(sort ? by(rows, sort) : compare);
  if (!held) return sorted;
  const kept = new Set(held);
  return [...held.filter((key) => key in rows), ...sorted.filter((key) => !kept.has(key))];
}

/** @param {Record<string, Record<string, any>>} rows @param {string} sort @returns {(a: string, b: string) => number} */
function by(rows, sort) {
  const [sign, field] = sort.startsWith("-") ? [-1, sort.slice(1)] : [1, sort];
  return (a, b) => {
    const [left, right] = [rows[a][field] ?? null, rows[b][field] ?? null];
    // Rows without a value come last either way.
    if (left === null || right === null) return Number(left === null) - Number(right === null) || compare(a, b);
    return sign * compare(left, right) || compare(a, b);
  };
}

const compare = (/** @type {any} */ a, /** @type {any} */ b) => (a < b ? -1 : a > b ? 1 : 0);
