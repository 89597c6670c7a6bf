import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { LayoutEditor, moved, resized } from "boards/editor/layout-editor.js";
import { settle } from "../../fakes.js";

const tile = (/** @type {number} */ id, /** @type {object} */ more = {}) =>
  /** @type {any} */ ({ id, type: "number", title: `T${id}`, streams: ["cpu"], width: 3, height: 1, options: {}, ...more });
const board = (/** @type {any[]} */ widgets, version = 1) => /** @type {any} */ ({ slug: "ops", title: "Ops", zone: "", version, widgets });

/** @type {any} what the server has */
let server;
/** @type {LayoutEditor} */
let editor;
/** @type {{resolve: () => void}[]} requests under way, while `slow` */
let waiting;
let slow = false;
let broken = false;
let saves = 0;

/** Saves as the server does. */
async function save(/** @type {any} */ layout) {
  saves += 1;
  if (slow) await new Promise((resolve) => waiting.push({ resolve: () => resolve(null) }));
  if (broken) throw new Error("The server could not be reached.");
  if (layout.version !== server.version) throw Object.assign(new Error("changed"), { code: "conflict", body: { board: server } });
  let next = 100 * server.version;
  const widgets = layout.widgets.map((/** @type {any} */ each) => (each.id > 0 ? each : { ...each, id: (next += 1) }));
  server = { ...server, ...layout, widgets, version: server.version + 1 };
  return { board: server };
}

beforeEach(() => {
  server = board([tile(1), tile(2), tile(3)]);
  waiting = [];
  slow = broken = false;
  saves = 0;
  editor = new LayoutEditor(server, save);
});

const ids = () => editor.layout.widgets.map(({ id }) => id);
const savedIds = () => server.widgets.map((/** @type {any} */ { id }) => id);

test("a tile is moved, resized and deleted, and each step is saved", async () => {
  editor.move(3, 0);
  editor.resize(1, 20, 0);
  editor.remove(2);
  await settle();
  assert.deepEqual([savedIds(), server.widgets[1].width, server.widgets[1].height], [[3, 1], 12, 1]);
  assert.deepEqual([editor.notice.kind, editor.version], ["saved", server.version]);
});

test("steps are undone to the beginning, and that is saved, too", async () => {
  editor.move(3, 0);
  editor.remove(2);
  editor.change({ title: "Other" });
  await settle();
  for (let step = 0; step < 4; step += 1) editor.undo();
  await settle();
  assert.deepEqual([savedIds(), server.title, editor.canUndo], [[1, 2, 3], "Ops", false]);
});

test("a new tile gets the server's id, in the steps to undo as well", async () => {
  editor.put(tile(0));
  assert.deepEqual(ids(), [1, 2, 3, -1]);
  editor.resize(-1, 6, 1);
  await settle();
  assert.deepEqual(ids(), savedIds());
  assert.ok(ids()[3] > 0);
  editor.undo();
  await settle();
  assert.deepEqual([savedIds().length, server.widgets[3].width], [4, 3]);
});

test("a tile that is there is changed in its place", async () => {
  editor.put(tile(2, { title: "New" }));
  await settle();
  assert.deepEqual([savedIds(), server.widgets[1].title], [[1, 2, 3], "New"]);
});

test("a deleted tile that is undone comes back under a new id", async () => {
  editor.remove(2);
  await settle();
  editor.undo();
  await settle();
  assert.equal(server.widgets[1].title, "T2");
});

test("one request at a time, and the last state is saved", async () => {
  slow = true;
  editor.move(3, 0);
  editor.move(2, 0);
  editor.move(1, 0);
  await settle();
  assert.equal(saves, 1);
  waiting[0].resolve();
  await settle();
  waiting[1].resolve();
  await settle();
  assert.deepEqual([saves, savedIds(), ids()], [2, [1, 2, 3], [1, 2, 3]]);
});

test("who was slower gets the board as it is, is told, and cannot undo what others did", async () => {
  editor.move(3, 0);
  await settle();
  server = board([tile(9)], 7);
  editor.remove(1);
  await settle();
  assert.deepEqual([ids(), editor.version, editor.canUndo, editor.notice.kind], [[9], 7, false, "conflict"]);
  assert.match(editor.notice.text, /not saved/);
  editor.resize(9, 6, 2);
  await settle();
  assert.deepEqual([server.version, server.widgets[0].width], [8, 6]);
});

test("what others changed is shown when it comes; one's own echo changes nothing", async () => {
  editor.move(3, 0);
  await settle();
  editor.hear(server);
  assert.equal(editor.notice.kind, "saved");
  assert.equal(editor.canUndo, true);
  editor.hear(board([tile(5)], 9));
  assert.deepEqual([ids(), editor.notice.kind, editor.canUndo], [[5], "conflict", false]);
});

test("an echo that is faster than the answer is not taken for another's change", async () => {
  slow = true;
  editor.move(3, 0);
  await settle();
  editor.hear(board([tile(3), tile(1), tile(2)], 2));
  assert.equal(editor.notice.kind, "saving");
  waiting[0].resolve();
  await settle();
  assert.deepEqual([editor.notice.kind, editor.canUndo, ids()], ["saved", true, [3, 1, 2]]);
});

test("what could not be saved stays, and is saved when asked again", async () => {
  broken = true;
  editor.move(3, 0);
  await settle();
  assert.deepEqual([editor.notice.kind, ids(), savedIds()], ["failed", [3, 1, 2], [1, 2, 3]]);
  assert.equal(editor.notice.text, "Not saved: The server could not be reached.");
  broken = false;
  editor.retry();
  await settle();
  assert.deepEqual([editor.notice.kind, savedIds()], ["saved", [3, 1, 2]]);
});

test("a drag is one step, shown at once and saved when dropped; let go, it never was", async () => {
  editor.preview((widgets) => moved(widgets, 3, 1));
  editor.preview((widgets) => moved(widgets, 3, 0));
  assert.deepEqual([ids(), saves], [[3, 1, 2], 0]);
  editor.drop(true);
  await settle();
  assert.deepEqual(savedIds(), [3, 1, 2]);
  editor.preview((widgets) => resized(widgets, 1, 9, 4));
  editor.drop(false);
  await settle();
  assert.deepEqual([editor.find(1)?.width, saves], [3, 1]);
  editor.undo();
  await settle();
  assert.deepEqual(savedIds(), [1, 2, 3]);
});

test("a drag that ends where it began is no step", async () => {
  editor.preview((widgets) => moved(widgets, 3, 0));
  editor.preview((widgets) => moved(widgets, 3, 2));
  editor.drop(true);
  assert.equal(editor.canUndo, false);
});

test("what others do during a drag comes after it", () => {
  editor.preview((widgets) => moved(widgets, 3, 0));
  editor.hear(board([tile(5)], 9));
  assert.deepEqual(ids(), [3, 1, 2]);
  editor.drop(false);
  assert.deepEqual(ids(), [5]);
});

test("listeners hear of every change until they end", () => {
  let heard = 0;
  const end = editor.onChange(() => (heard += 1));
  editor.move(3, 0);
  const before = heard;
  assert.ok(before > 0);
  end();
  editor.move(3, 2);
  assert.equal(heard, before);
});
