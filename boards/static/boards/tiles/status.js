/** One status large, or several as a list: colour, shape and words. */
import { html, nothing } from "lit";
import { LEVEL_SIGNS, LEVEL_WORDS, readStatus } from "../state/signs.js";
import { marksOf, staleOf } from "../state/age-and-state.js";
import { length, letters } from "./length.js";
import { truthMark } from "./truth-mark.js";

/**
 * @typedef {import("../state/board-state.js").Stream} Stream
 * @typedef {import("../state/board-state.js").Widget} Widget
 */

/** @param {Widget} widget @param {Stream[]} streams @param {{shownAt: () => number, heardAt: () => number}} screen */
export function statusTile(widget, streams, screen) {
  if (streams.length === 1) {
    const { level, text } = readStatus(streams[0].value);
    return html`<p class="status" data-length=${length(text)} data-letters=${letters(text) + 1.5} data-level=${level}>${sign(level)} <span>${text}</span></p>`;
  }
  return html`<ul class="status-list" tabindex="0" aria-label=${widget.title || streams[0].label}>
    ${streams.map((stream) => {
      const { level, text } = readStatus(stream.value);
      return html`<li data-stale=${staleOf(stream, screen.heardAt()) ?? nothing}>
        <span class="status-list__name" data-level=${level}>${sign(level)} ${stream.label}</span>
        ${truthMark(marksOf([stream], screen.shownAt(), screen.heardAt()))}
        <span class="status-list__text">${text}</span>
      </li>`;
    })}
  </ul>`;
}

/** @param {import("../state/signs.js").Level} level @param {boolean} [worded] whether screen readers read its word, too */
export function sign(level, worded = true) {
  return html`<span class="sign" aria-hidden="true">${LEVEL_SIGNS[level]}</span
    >${worded ? html`<span class="visually-hidden">${LEVEL_WORDS[level]}: </span>` : nothing}`;
}
