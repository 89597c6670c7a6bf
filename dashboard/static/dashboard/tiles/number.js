/** A number with its change and a sparkline. */
import { html, nothing, svg } from "lit";
import { show, showDifference } from "../format.js";
import { change, sparkline } from "../line-data.js";
import { duration } from "../truth.js";

/**
 * @typedef {import("../board-state.js").Stream} Stream
 * @typedef {import("../board-state.js").Widget} Widget
 */

/** @param {Widget} widget @param {Stream[]} streams */
export function numberTile({ options }, [stream]) {
  const { before, number, after } = show(stream.value, stream.unit, options.decimals ?? null);
  return html`
    <p class="figure" data-length=${length(before + number + after)}>
      ${before ? html`<span class="figure__before">${before}</span>` : nothing}<span class="figure__digits">${number}</span
      >${after ? html`<span class="figure__after">${after}</span>` : nothing}
    </p>
    ${options.hero ? spark(stream) : nothing}
  `;
}

/** What stands under the number: change, note, and how it went. @param {Widget} widget @param {Stream[]} streams */
export function numberFoot({ options }, [stream]) {
  const moved = change(stream.history);
  return html`<div class="tile__foot tile__foot--number">
    <p>
      ${moved ? changeText(moved, stream, options) : nothing}${options.note
        ? html`<span class="foot__note">${options.note}</span>`
        : nothing}
    </p>
    ${options.hero ? nothing : spark(stream)}
  </div>`;
}

/** @param {{difference: number, milliseconds: number}} moved @param {Stream} stream @param {Record<string, any>} options */
function changeText({ difference, milliseconds }, { unit }, { decimals, better }) {
  const shown = showDifference(difference, unit, decimals ?? null);
  const flat = !/[1-9]/.test(shown);
  const direction = flat ? "flat" : difference > 0 ? "up" : "down";
  const good = !better || flat ? "" : better === direction ? "good" : "bad";
  return html`<span class="change" data-good=${good}>${arrow(direction)} ${shown}</span
    ><span class="foot__note">in ${duration(milliseconds / 1000)}</span>`;
}

/** @param {"up" | "down" | "flat"} direction */
export function arrow(direction) {
  const sign = { up: "▲", down: "▼", flat: "–" }[direction];
  const word = { up: "up", down: "down", flat: "unchanged" }[direction];
  return html`<span class="arrow" aria-hidden="true">${sign}</span><span class="visually-hidden">${word}</span>`;
}

/** @param {Stream} stream */
export function spark({ history }) {
  const path = sparkline(history);
  return path
    ? html`<svg class="spark" viewBox="0 0 100 28" preserveAspectRatio="none" aria-hidden="true">
        ${svg`<path d=${path} vector-effect="non-scaling-stroke" />`}
      </svg>`
    : nothing;
}

/** How much room a text wants, for the style sheet to choose its size. */
function length(/** @type {string} */ text) {
  if (text.length <= 6) return "short";
  return text.length <= 9 ? "medium" : "long";
}
