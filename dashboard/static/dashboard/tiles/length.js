/** How much room a text wants, for the style sheet to choose its size. */
export function length(/** @type {string} */ text, /** @type {string} */ small = "") {
  const letters = text.length + Math.ceil(small.length * 0.45);
  if (letters <= 6) return "short";
  return letters <= 9 ? "medium" : "long";
}
