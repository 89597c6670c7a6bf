import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { LayoutEditor } from "boards/editor/layout-editor.js";
import { press } from "boards/editor/tile-handles.js";

/** @type {LayoutEditor} */
let editor;
const ids = () => editor.layout.widgets.map(({ id }) => id);

beforeEach(() => {
  const widgets = [1, 2, 3].map((id) => ({ id, type: "text", title: "", streams: [], width: 4, height: 2, options: {} }));
  editor = new LayoutEditor({ slug: "b", title: "B", zone: "", version: 1, widgets }, () => new Promise(() => {}));
});

/** Press a key on the handle of tile 2. */
function key(/** @type {string} */ name, /** @type {object} */ more = {}) {
  const event = Object.assign(new Event("keydown", { cancelable: true }), { key: name, ...more });
  press(/** @type {any} */ (event), /** @type {any} */ (editor.find(2)), editor);
  return event;
}

test("arrows move a tile by one place, Home and End to the ends", () => {
  const after = (/** @type {string} */ name) => {
    key(name);
    const now = ids();
    editor.undo();
    return now;
  };
  assert.deepEqual(["ArrowLeft", "ArrowUp", "Home"].map(after), [[2, 1, 3], [2, 1, 3], [2, 1, 3]]);
  assert.deepEqual(["ArrowRight", "ArrowDown", "End"].map(after), [[1, 3, 2], [1, 3, 2], [1, 3, 2]]);
});

test("with Shift they resize it", () => {
  const size = (/** @type {string} */ name) => {
    key(name, { shiftKey: true });
    return [editor.find(2)?.width, editor.find(2)?.height];
  };
  assert.deepEqual(["ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp"].map(size), [[5, 2], [5, 3], [4, 3], [4, 2]]);
  assert.deepEqual(ids(), [1, 2, 3]);
});

test("Delete deletes it", () => {
  key("Delete");
  assert.deepEqual(ids(), [1, 3]);
});

test("a key that was used does nothing else, and others are left to the browser", () => {
  const used = key("ArrowLeft");
  assert.deepEqual([used.defaultPrevented, used.cancelBubble], [true, true]);
  assert.equal(key("Tab").defaultPrevented, false);
  for (const held of ["ctrlKey", "metaKey", "altKey"]) {
    assert.equal(key("ArrowRight", { [held]: true }).defaultPrevented, false);
    assert.equal(key("Delete", { [held]: true }).defaultPrevented, false);
  }
  assert.deepEqual(ids(), [2, 1, 3]);
});
