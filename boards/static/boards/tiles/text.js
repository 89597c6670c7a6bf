/** A short text: a stream's, or the tile's own, whose markdown the server has rendered and sanitized. */
import { html, nothing } from "lit";
import { unsafeHTML } from "lit/directives/unsafe-html.js";
import { MAY_BE } from "./translated.js";
import { letters } from "./length.js";

/**
 * @param {import("../state/board-state.js").Widget} widget
 * @param {import("../state/board-state.js").Stream[]} streams
 */
export function textTile(widget, [stream]) {
  if (!stream) return html`<div class="prose" tabindex="0" translate=${MAY_BE}>${unsafeHTML(widget.html ?? "")}</div>`;
  const text = String(stream.value ?? "–");
  const length = text.length <= 30 ? "short" : text.length <= 120 ? "medium" : "long";
  return html`<p class="words" data-length=${length} data-letters=${letters(text)} tabindex=${length === "long" ? 0 : nothing}>${text}</p>`;
}
