/** What a lit template would show, without a document. */
import { nothing } from "lit";

/** @returns {string} the markup of a template, of what directives would show in it, or of plain values */
export function markupOf(/** @type {any} */ shown) {
  if (shown === nothing || shown === null || shown === undefined || typeof shown === "function") return "";
  if (Array.isArray(shown)) return shown.map(markupOf).join("");
  if (shown._$litDirective$) return markupOf(ofDirective(shown));
  if (!shown.strings) return String(shown);
  return shown.strings.map((/** @type {string} */ text, /** @type {number} */ index) => text + markupOf(shown.values[index])).join("");
}

/** `repeat(items, key, template)`, `keyed(key, template)`, `unsafeHTML(text)` */
function ofDirective(/** @type {{values: any[]}} */ { values }) {
  if (Array.isArray(values[0]) && typeof values[2] === "function") return values[0].map(values[2]);
  return values.at(-1);
}

/** The words of a template: no tags, one space between words, narrow spaces as plain ones. */
export const textOf = (/** @type {any} */ shown) =>
  markupOf(shown).replace(/<[^>]*>/g, "").replaceAll("\u202f", " ").replace(/\s+/g, " ").trim();
