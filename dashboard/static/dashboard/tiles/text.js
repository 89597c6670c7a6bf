/** A few words. */
import { html } from "lit";

/**
 * @param {import("../board-state.js").Widget} widget
 * @param {import("../board-state.js").Stream[]} streams
 */
export function textTile(widget, [stream]) {
  const text = String(stream.value ?? "–");
  const length = text.length <= 30 ? "short" : text.length <= 120 ? "medium" : "long";
  return html`<p class="words" data-length=${length}>${text}</p>`;
}
