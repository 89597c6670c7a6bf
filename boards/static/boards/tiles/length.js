/** The width that a text needs. */

/**
 * @param {string} text
 * @param {string} [small] text after it in smaller type
 * @returns {number} the width in digits
 */
export function letters(text, small = "") {
  const narrow = text.replace(/[^\s.,:]/gu, "").length;
  return [...text].length - narrow / 2 + [...small].length / 2;
}

/** The same in three steps, for a style sheet to choose a size by. */
export function length(/** @type {string} */ text, small = "") {
  const wide = text.length + Math.ceil(small.length * 0.45);
  if (wide <= 6) return "short";
  return wide <= 9 ? "medium" : "long";
}
