/** Moving and resizing tiles with a pointer: the editor shows the change at once and saves it at the drop. */
import { moved, resized } from "./layout-editor.js";

/** @typedef {import("./layout-editor.js").LayoutEditor} LayoutEditor */
/** @typedef {HTMLElement & {widget?: import("../state/board-state.js").Widget | null}} BoardTile */

/** Pixels before a press becomes a drag. */
const SLACK = 4;

/**
 * @param {PointerEvent} event the press on a handle
 * @param {LayoutEditor} editor
 * @param {number} id the tile's
 * @param {"move" | "size"} what
 */
export function startDrag(event, editor, id, what) {
  if (event.button !== 0) return;
  event.preventDefault();
  const tile = /** @type {HTMLElement} */ (/** @type {HTMLElement} */ (event.target).closest("board-tile"));
  const size = what === "size" ? sizer(tile, editor, id) : null;
  const from = { x: event.clientX, y: event.clientY };
  let begun = false;

  const move = (/** @type {PointerEvent} */ { clientX, clientY }) => {
    begun ||= Math.hypot(clientX - from.x, clientY - from.y) > SLACK;
    if (!begun) return;
    document.documentElement.dataset.dragging = what;
    if (size) size(clientX, clientY);
    else moveTo(editor, id, clientX, clientY);
  };
  const end = (/** @type {boolean} */ kept) => {
    // On the window, not the handle: the handle moves in the document during the drag and would lose the pointer
    // capture.
    for (const [type, listener] of Object.entries(listeners)) window.removeEventListener(type, /** @type {EventListener} */ (listener));
    delete document.documentElement.dataset.dragging;
    editor.drop(kept);
  };
  const listeners = {
    pointermove: move,
    pointerup: () => end(true),
    pointercancel: () => end(false),
    keydown: (/** @type {KeyboardEvent} */ { key }) => key === "Escape" && end(false),
  };
  for (const [type, listener] of Object.entries(listeners)) window.addEventListener(type, /** @type {EventListener} */ (listener));
}

/** Put the tile before the one under the pointer, or after it in its second half. */
function moveTo(/** @type {LayoutEditor} */ editor, /** @type {number} */ id, /** @type {number} */ x, /** @type {number} */ y) {
  const over = /** @type {BoardTile | null} */ (document.elementFromPoint(x, y)?.closest("board-tile") ?? null);
  if (!over?.widget || over.widget.id === id) return;
  const { left, width } = over.getBoundingClientRect();
  const rest = editor.layout.widgets.filter((widget) => widget.id !== id);
  const position = rest.findIndex((widget) => widget.id === over.widget?.id) + (x > left + width / 2 ? 1 : 0);
  editor.preview((widgets) => moved(widgets, id, position));
}

/** @param {HTMLElement} tile @param {LayoutEditor} editor @param {number} id */
function sizer(tile, editor, id) {
  const grid = /** @type {HTMLElement} */ (tile.parentElement);
  const gap = parseFloat(getComputedStyle(grid).columnGap) || 0;
  const column = (grid.clientWidth + gap) / 12;
  const { left, top, height } = tile.getBoundingClientRect();
  const row = (height + gap) / (editor.find(id)?.height ?? 1);
  return (/** @type {number} */ x, /** @type {number} */ y) =>
    editor.preview((widgets) => resized(widgets, id, (x - left + gap) / column, (y - top + gap) / row));
}
