/**
 * A board that is being edited: the layout on the screen, the layout on the server, and the steps to undo. No DOM.
 *
 * Each change is saved on its own, one request at a time. The server refuses it when somebody else has changed the
 * board; then the editor gets the present board and a notice.
 *
 * @typedef {import("../state/board-state.js").Board} Board
 * @typedef {import("../state/board-state.js").Widget} Widget
 * @typedef {{title: string, zone: string, widgets: Widget[]}} Layout
 * @typedef {{kind: "saved" | "saving" | "failed" | "conflict", text: string}} Notice
 */

/** How many steps can be undone. */
const STEPS = 50;

export class LayoutEditor {
  /**
   * @param {Board} board
   * @param {(layout: Layout & {version: number}) => Promise<{board: Board}>} save throws an error with `code` "conflict" and
   *   `body.board` when somebody was faster
   */
  constructor(board, save) {
    this.save = save;
    /** @type {Layout} */
    this.layout = layoutOf(board);
    this.version = board.version;
    /** @type {Layout[]} */
    this.past = [];
    /** During a drag: the layout before it. @type {Layout | null} */
    this.before = null;
    /** The newest board that a snapshot brought while a request was running. @type {Board | null} */
    this.heard = null;
    this.saving = false;
    this.dirty = false;
    /** The last temporary id given to a new tile: they count down from -1; 0: none yet. */
    this.ids = 0;
    /** @type {Notice} */
    this.notice = { kind: "saved", text: "Every change is saved at once." };
    /** The next announcement for screen readers. */
    this.said = "";
    /** @type {Set<() => void>} */
    this.listeners = new Set();
  }

  onChange(/** @type {() => void} */ listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  get canUndo() {
    return this.past.length > 0;
  }

  /** @returns {Widget | undefined} */
  find(/** @type {number} */ id) {
    return this.layout.widgets.find((widget) => widget.id === id);
  }

  // Changes

  /** Change the layout, and save it. */
  change(/** @type {Partial<Layout>} */ change, said = "") {
    this.past = [...this.past.slice(1 - STEPS), this.layout];
    this.layout = { ...this.layout, ...change };
    this.said = said;
    this.#saveSoon();
  }

  /** Add a tile at the end, or change the one with its id. */
  put(/** @type {Widget} */ widget) {
    const known = this.find(widget.id);
    if (known) return this.change({ widgets: this.layout.widgets.map((each) => (each.id === widget.id ? widget : each)) }, "Tile changed");
    this.ids -= 1;
    this.change({ widgets: [...this.layout.widgets, { ...widget, id: this.ids }] }, "Tile added");
  }

  remove(/** @type {number} */ id) {
    this.change({ widgets: this.layout.widgets.filter((widget) => widget.id !== id) }, "Tile deleted");
  }

  /** Move a tile to a position, 0 being the first; nothing when it is there already. */
  move(/** @type {number} */ id, /** @type {number} */ position) {
    const widgets = moved(this.layout.widgets, id, position);
    if (widgets !== this.layout.widgets) this.change({ widgets }, `Position ${widgets.findIndex((each) => each.id === id) + 1} of ${widgets.length}`);
  }

  resize(/** @type {number} */ id, /** @type {number} */ width, /** @type {number} */ height) {
    const widgets = resized(this.layout.widgets, id, width, height);
    const widget = widgets.find((each) => each.id === id);
    if (widgets !== this.layout.widgets && widget) this.change({ widgets }, `${widget.width} columns, ${widget.height} rows`);
  }

  /** Show what a drag would do; only the drop makes it a change. */
  preview(/** @type {(widgets: Widget[]) => Widget[]} */ change) {
    this.before ??= this.layout;
    this.layout = { ...this.layout, widgets: change(this.layout.widgets) };
    this.#tell();
  }

  /** End a drag. `kept`: save its change. */
  drop(/** @type {boolean} */ kept) {
    const before = this.before;
    if (!before) return;
    const after = this.layout;
    this.before = null;
    this.layout = before;
    if (kept && JSON.stringify(after) !== JSON.stringify(before)) this.change({ widgets: after.widgets }, "Tile dropped");
    else this.#settle();
  }

  undo() {
    const layout = this.past.pop();
    if (!layout) return;
    this.layout = layout;
    this.said = "Undone";
    this.#saveSoon();
  }

  // Saving

  /** Save again what could not be saved. */
  retry() {
    this.#saveSoon();
  }

  /** Take the server's present board, from a snapshot. */
  hear(/** @type {Board} */ board) {
    this.heard = board;
    this.#settle();
  }

  #saveSoon() {
    this.dirty = true;
    this.notice = { kind: "saving", text: "Saving…" };
    this.#tell();
    if (!this.saving) void this.#saveAll();
  }

  async #saveAll() {
    this.saving = true;
    try {
      while (this.dirty) {
        this.dirty = false;
        const sent = this.layout;
        const { board } = await this.save({ ...sent, version: this.version });
        this.version = board.version;
        this.#adopt(sent, board);
      }
      this.notice = { kind: "saved", text: "Saved" };
    } catch (error) {
      this.#fail(/** @type {any} */ (error));
    }
    this.saving = false;
    this.#settle();
  }

  #fail(/** @type {{code?: string, body?: {board?: Board}, message?: string}} */ { code, body, message }) {
    const board = body?.board;
    if (code === "conflict" && board) {
      this.#replace(board, "Somebody else changed this board meanwhile. This is how it is now; your last change was not saved: make it again if it still fits.");
    } else {
      this.dirty = true;
      this.notice = { kind: "failed", text: `Not saved: ${message || "the server could not be reached."}` };
    }
  }

  /** Replace the temporary ids of new tiles by the server's, everywhere. */
  #adopt(/** @type {Layout} */ sent, /** @type {Board} */ board) {
    const ids = new Map(sent.widgets.map(({ id }, position) => [id, board.widgets[position].id]));
    const html = new Map(board.widgets.map((widget) => [widget.id, widget.html]));
    const known = (/** @type {Layout} */ layout) => ({
      ...layout,
      widgets: layout.widgets.map((widget) => ({ ...widget, id: ids.get(widget.id) ?? widget.id })),
    });
    this.layout = known(this.layout);
    this.before &&= known(this.before);
    this.past = this.past.map(known);
    if (!this.dirty) this.layout.widgets = this.layout.widgets.map((widget) => ({ ...widget, html: html.get(widget.id) }));
  }

  /** Take a layout that others made, unless a change of ours is being saved or dragged. */
  #settle() {
    const board = this.heard;
    if (board && !this.saving && !this.before) {
      this.heard = null;
      if (board.version > this.version) {
        const lost = this.dirty ? " Your last change was not saved." : "";
        this.#replace(board, `Somebody else changed this board. This is how it is now.${lost}`);
      }
    }
    this.#tell();
  }

  #replace(/** @type {Board} */ board, /** @type {string} */ text) {
    this.layout = layoutOf(board);
    this.version = board.version;
    this.before = null;
    this.past = []; // undo would overwrite what others have changed since
    this.dirty = false;
    this.notice = { kind: "conflict", text };
  }

  #tell() {
    for (const listener of this.listeners) listener();
  }
}

/** @returns {Layout} */
const layoutOf = (/** @type {Board} */ { title, zone, widgets }) => ({ title, zone, widgets });

const within = (/** @type {number} */ value, /** @type {number} */ least, /** @type {number} */ most) => Math.min(most, Math.max(least, Math.round(value)));

/** The tiles with one of them moved to another position; the same list when it is there already. */
export function moved(/** @type {Widget[]} */ widgets, /** @type {number} */ id, /** @type {number} */ position) {
  const from = widgets.findIndex((widget) => widget.id === id);
  const to = within(position, 0, widgets.length - 1);
  if (from < 0 || from === to) return widgets;
  const rest = widgets.filter((widget) => widget.id !== id);
  return [...rest.slice(0, to), widgets[from], ...rest.slice(to)];
}

/** The tiles with one of them resized; the same list when it has that size already. */
export function resized(/** @type {Widget[]} */ widgets, /** @type {number} */ id, /** @type {number} */ width, /** @type {number} */ height) {
  const size = { width: within(width, 2, 12), height: within(height, 1, 6) };
  const known = widgets.find((widget) => widget.id === id);
  if (!known || (known.width === size.width && known.height === size.height)) return widgets;
  return widgets.map((widget) => (widget.id === id ? { ...widget, ...size } : widget));
}
