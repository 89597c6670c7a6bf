/**
 * What is wrong with a stream, as a sign and a word. Each sign has its own shape, so that they differ from afar
 * without colour.
 */
import { html, nothing, svg } from "lit";

/** @typedef {import("../state/age-and-state.js").Note} Note */

/** A clock, a broken circle with a cross, a circle of dots, a crossed line; in a box of 16 by 16. */
const SIGNS = /** @type {Record<string, unknown>} */ ({
  old: svg`<circle cx="8" cy="8" r="6.5" /><path d="M8 4v4l3 2" />`,
  failing: svg`<path d="M5 2.2A6.5 6.5 0 0 0 5 13.8M11 2.2A6.5 6.5 0 0 1 11 13.8M5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8" />`,
  unknown: svg`<circle cx="8" cy="8" r="6.5" stroke-dasharray="2.1 2" />`,
  offline: svg`<path d="M1 8h4.5M10.5 8H15M6 13L10 3" />`,
});

/** The sign for a truth; nothing for one without a sign. */
export const truthSign = (/** @type {string} */ truth) =>
  html`<svg class="truth-sign" viewBox="0 0 16 16" aria-hidden="true">${SIGNS[truth] ?? ""}</svg>`;

/** Only the sign, where there is little room. */
const OLD = / old$/;

/** Only the worst mark, where a row has room for one. @param {Note[]} marks as of `marksOf` */
export const truthMark = (marks) => truthMarks(marks.slice(0, 1));

/** @param {Note[]} marks as of `marksOf` */
export const truthMarks = (marks) =>
  marks.map(({ truth, text }) => html`<span class="truth-mark" data-truth=${truth}>${truthSign(truth)} <span>${text.replace(OLD, "")}${
    OLD.test(text) ? html`<span class="truth-mark__old"> old</span>` : nothing
  }</span></span>`);
