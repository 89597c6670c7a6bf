/** A few words. */
import { html } from "lit";

/**
 * @param {import("../board-state.js").Widget} widget
 * @param {import("../board-state.js").Stream[]} streams
 */
export function textTile(widget, [stream]) {
  return html`<p class="words">${stream.value ?? "–"}</p>`;
}
