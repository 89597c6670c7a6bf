/** How much room a text wants from left to right. */

/**
 * @param {string} text
 * @param {string} [small] what stands after it in smaller type
 * @returns {number} as many digits would be as wide
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
