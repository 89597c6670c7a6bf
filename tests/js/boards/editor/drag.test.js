import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { startDrag } from "boards/editor/drag.js";
import { LayoutEditor } from "boards/editor/layout-editor.js";
import { FakeDocument, FakeElement, pretend } from "../../pages.js";

/** @type {FakeDocument} */
let page;
/** @type {FakeElement} */
let pointers;
/** @type {any[]} */
let saved;
/** @type {LayoutEditor} */
let editor;
/** @type {FakeElement[]} three tiles of 300 by 100 pixels, side by side */
let tiles;
let restore = () => {};

const ids = () => editor.layout.widgets.map(({ id }) => id);

beforeEach(() => {
  saved = [];
  const widgets = [1, 2, 3].map((id) => ({ id, type: "text", title: "", streams: [], width: 4, height: 1, options: {} }));
  editor = new LayoutEditor({ slug: "b", title: "B", zone: "", version: 1, widgets }, (layout) => new Promise(() => saved.push(layout)));
  const grid = new FakeElement({ clientWidth: 1188 }); // with a gap of 12: columns of 100
  tiles = widgets.map((widget, index) => {
    const tile = new FakeElement({ widget, parentElement: grid, box: { left: index * 400, top: 0, width: 388, height: 88 } });
    return Object.assign(tile, { closest: () => tile });
  });
  page = new FakeDocument({ elementFromPoint: (/** @type {number} */ x) => tiles[Math.floor(x / 400)] ?? null });
  pointers = new FakeElement();
  restore = pretend({ document: page, window: pointers, getComputedStyle: () => ({ columnGap: "12px" }) });
});
afterEach(() => restore());

/** Press on a tile's handle at `x`. @param {number} id @param {number} x @param {"move" | "size"} what */
function press(id, x, what, button = 0) {
  const event = Object.assign(new Event("pointerdown", { cancelable: true }), { button, clientX: x, clientY: 0 });
  Object.defineProperty(event, "target", { value: tiles[id - 1] });
  startDrag(/** @type {any} */ (event), editor, id, what);
  return event;
}
const drag = (/** @type {number} */ clientX, clientY = 0) => pointers.happens("pointermove", { clientX, clientY });

test("a tile goes before the one under the pointer, and after it in its second half", () => {
  press(3, 800, "move");
  drag(10);
  assert.deepEqual(ids(), [3, 1, 2]);
  drag(390);
  assert.deepEqual(ids(), [1, 3, 2]);
  pointers.happens("pointerup");
  assert.deepEqual(ids(), [1, 3, 2]);
});

test("a press that hardly moves is no drag", () => {
  press(1, 396, "move");
  drag(400);
  assert.deepEqual([ids(), page.documentElement.dataset.dragging], [[1, 2, 3], undefined]);
  drag(401);
  assert.equal(page.documentElement.dataset.dragging, "move");
});

test("beside all tiles, and over itself, nothing moves", () => {
  press(1, 0, "move");
  drag(5000);
  drag(100);
  assert.deepEqual(ids(), [1, 2, 3]);
});

test("Escape and a pointer that is taken away put everything back, and end the drag", () => {
  for (const [type, more] of /** @type {[string, object][]} */ ([["keydown", { key: "Escape" }], ["pointercancel", {}]])) {
    press(1, 0, "move");
    drag(790);
    assert.deepEqual(ids(), [2, 1, 3]);
    pointers.happens("keydown", { key: "a" });
    assert.deepEqual(ids(), [2, 1, 3]);
    pointers.happens(type, more);
    assert.deepEqual(ids(), [1, 2, 3]);
    drag(790);
    assert.deepEqual([ids(), page.documentElement.dataset.dragging], [[1, 2, 3], undefined]);
  }
  assert.equal(editor.canUndo, false);
});

test("the corner sets the size, in whole columns and rows", () => {
  press(1, 388, "size");
  drag(588, 188);
  assert.deepEqual([editor.find(1)?.width, editor.find(1)?.height], [6, 2]);
  pointers.happens("pointerup");
  assert.equal(editor.canUndo, true);
});

test("only the first button drags", () => {
  assert.equal(press(1, 0, "move", 2).defaultPrevented, false);
  drag(790);
  assert.deepEqual(ids(), [1, 2, 3]);
});
