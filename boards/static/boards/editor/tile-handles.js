/** The buttons on a tile while its board is edited: move, configure, delete, resize. */
import { html, nothing } from "lit";
import { startDrag } from "./drag.js";

/** @typedef {import("./layout-editor.js").LayoutEditor} LayoutEditor */
/** @typedef {import("../state/board-state.js").Widget} Widget */

/** @param {Widget} widget @param {string} name @param {LayoutEditor} editor @param {() => void} configure @param {string} note what to say of it */
export function tileHandles(widget, name, editor, configure, note) {
  return html`${note ? html`<p class="handles__note">${note}</p>` : nothing}
    <div class="handles" role="group" aria-label=${`Edit ${name}`}>
      <button
        class="handles__move"
        type="button"
        data-handle=${widget.id}
        aria-label=${`Move ${name}`}
        aria-describedby="handles-help"
        @pointerdown=${(/** @type {PointerEvent} */ event) => startDrag(event, editor, widget.id, "move")}
        @keydown=${(/** @type {KeyboardEvent} */ event) => press(event, widget, editor)}
      >
        <span aria-hidden="true">⠿</span>
      </button>
      <button type="button" aria-label=${`Configure ${name}`} @click=${configure}><span aria-hidden="true">✎</span></button>
      <button type="button" aria-label=${`Delete ${name}`} @click=${() => editor.remove(widget.id)}><span aria-hidden="true">✕</span></button>
    </div>
    <div
      class="handles__size"
      aria-hidden="true"
      @pointerdown=${(/** @type {PointerEvent} */ event) => startDrag(event, editor, widget.id, "size")}
    ></div>`;
}

/** Arrow keys move the tile, with Shift they resize it; Home, End and Delete work too. @param {KeyboardEvent} event @param {Widget} widget @param {LayoutEditor} editor */
export function press(event, { id, width, height }, editor) {
  const position = editor.layout.widgets.findIndex((widget) => widget.id === id);
  const step = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] })[event.key];
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (step && event.shiftKey) editor.resize(id, width + step[0], height + step[1]);
  else if (step) editor.move(id, position + step[0] + step[1]);
  else if (event.key === "Home") editor.move(id, 0);
  else if (event.key === "End") editor.move(id, editor.layout.widgets.length - 1);
  else if (event.key === "Delete") editor.remove(id);
  else return;
  event.preventDefault();
  event.stopPropagation();
}
