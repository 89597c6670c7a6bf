/** A board's tiles, and the banner that says when this screen is not connected. */
import { html, LitElement, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import "./board-tile.js";
import "./copy-command.js";
import { curlCommand } from "./curl.js";
import { useZone } from "web/time.js";
import { onWall, pagesOf } from "./fit.js";
import { LayoutEditor } from "./editor/layout-editor.js";
import "./rewind/rewind-bar.js";
import "./editor/tile-dialog.js";
import { truthSign } from "./tiles/truth-mark.js";

/**
 * @typedef {import("./state/board-state.js").Widget} Widget
 * @typedef {import("./board-tile.js").BoardTile} BoardTile
 * @typedef {import("./state/screen.js").Screen} Screen
 */

/**
 * @typedef {{
 *   save: (layout: any) => Promise<any>, streams: () => Promise<import("./editor/tile-fields.js").Offered[]>, rooms: () => Promise<string[]>,
 * }} Editing
 */

/** Milliseconds between two checks of ages and marks. */
const TICK = 1000;

export class BoardView extends LitElement {
  static properties = {
    screen: { attribute: false },
    mayEdit: { attribute: false },
    editing: { attribute: false },
    editor: { state: true },
    offered: { state: true },
    rooms: { state: true },
    rewinding: { state: true },
    page: { attribute: false },
  };

  constructor() {
    super();
    /** @type {Screen | null} */
    this.screen = null;
    this.mayEdit = false;
    /** What an editor needs from the server. @type {Editing | null} */
    this.editing = null;
    /** @type {LayoutEditor | null} */
    this.editor = null;
    /** @type {import("./editor/tile-fields.js").Offered[]} */
    this.offered = [];
    /** @type {string[]} */
    this.rooms = [];
    /** While the slider is open: the time to begin with, 0 for none. null: it is closed. @type {number | null} */
    this.rewinding = null;
    /** Which of the board's pages this screen shows. */
    this.page = 0;
    /** The size of the screen when the board has it alone; null: it is part of a page, which can be scrolled. @type {import("./fit.js").Space | null} */
    this.space = null;
    this.trouble = "";
    this.focusOn = 0;
    /** What had the focus before editing. @type {HTMLElement | null} */
    this.cameFrom = null;
    /** @type {Set<string> | null} streams to draw again with the next frame; null: all */
    this.dirty = new Set();
    this.frame = 0;
    /** @type {(() => void)[]} */
    this.endings = [];
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.ticking = undefined;
  }

  createRenderRoot() {
    return this;
  }

  connectedCallback() {
    super.connectedCallback();
    this.translate = false; // what is updated; see tiles/translated.js
    this.ticking = setInterval(() => this.#tick(), TICK);
    document.addEventListener("keydown", this.#onKey);
    window.addEventListener("resize", this.#measure);
    this.#measure();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.ticking);
    document.removeEventListener("keydown", this.#onKey);
    window.removeEventListener("resize", this.#measure);
    for (const end of this.endings) end();
  }

  /** @param {Map<string, unknown>} changed */
  willUpdate(changed) {
    if (!changed.has("screen") || !this.screen) return;
    for (const end of this.endings) end();
    this.endings = [
      this.screen.state.onChange((slugs) => {
        if (!slugs && this.screen?.state.board) this.editor?.hear(this.screen.state.board);
        this.#draw(slugs);
      }),
      this.screen.onConnection(() => this.#draw(null)),
    ];
  }

  /** @returns {BoardTile[]} */
  get #tiles() {
    return [...this.querySelectorAll("board-tile")].map((tile) => /** @type {BoardTile} */ (tile));
  }

  #tick() {
    this.requestUpdate();
    for (const tile of this.#tiles) tile.requestUpdate();
  }

  get dialog() {
    return /** @type {import("./editor/tile-dialog.js").TileDialog} */ (this.querySelector("tile-dialog"));
  }

  /** Open or close the slider. `at`: rewind to this time at once, unix milliseconds. */
  toggleRewind(at = 0) {
    if (this.rewinding !== null) return this.endRewind();
    this.editor = null;
    this.rewinding = at;
  }

  /** Show the present board. */
  endRewind() {
    this.rewinding = null;
    this.screen?.backToLive();
  }

  /** Show or hide, on each tile, how its values got here. */
  toggleDetails() {
    if (!this.screen) return false;
    this.screen.details = !this.screen.details;
    this.#draw(null);
    return this.screen.details;
  }

  /** Begin or end editing the board. */
  toggleEditing() {
    const { screen, editing } = this;
    if (this.editor || !editing || !screen?.state.board) {
      this.editor = null;
      this.cameFrom?.focus();
      return;
    }
    this.cameFrom = /** @type {HTMLElement | null} */ (document.activeElement);
    this.endRewind();
    const editor = new LayoutEditor(screen.state.board, editing.save);
    editor.onChange(() => this.requestUpdate());
    this.editor = editor;
    this.#learn(editing);
    // Move the keyboard focus to the tools, or it would be at the top of the page.
    this.updateComplete.then(() => /** @type {HTMLElement | null} */ (this.querySelector(".edit-bar button"))?.focus());
  }

  /** Ask the server what tiles can show. */
  async #learn(/** @type {Editing} */ editing) {
    try {
      [this.offered, this.rooms] = await Promise.all([editing.streams(), editing.rooms()]);
    } catch (error) {
      this.trouble = error instanceof Error ? error.message : "";
      this.requestUpdate();
    }
  }

  #edited(/** @type {KeyboardEvent} */ event) {
    if (!this.editor || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z") {
      event.preventDefault();
      this.editor.undo();
    }
  }

  #onKey = (/** @type {KeyboardEvent} */ event) => this.#edited(event);

  #measure = () => {
    const isAlone = this.closest(".full") && matchMedia("(min-width: 801px)").matches; // as in full.css
    this.space = isAlone ? { width: innerWidth, height: innerHeight } : null;
    this.#draw(null);
  };

  /** The board's tiles in pages, as many as this screen needs. @param {{widgets: Widget[]} | null} [board] */
  pagesOf(board) {
    return this.space ? pagesOf(board?.widgets ?? [], this.space) : [board?.widgets ?? []];
  }

  /** Reordering moves tiles in the document, so they lose the focus: give it back. */
  #keepFocus() {
    const handle = document.activeElement?.getAttribute("data-handle");
    if (handle) this.focusOn = Number(handle);
  }

  updated() {
    requestAnimationFrame(() => {
      for (const tile of this.#tiles) tile.lookForCut(); // first measure all tiles, then change them
    });
    if (!this.focusOn) return;
    const id = this.focusOn;
    this.focusOn = 0;
    if (document.activeElement === document.body) {
      /** @type {HTMLElement | null} */ (this.querySelector(`[data-handle="${id}"]`))?.focus();
    }
  }

  /** Draw once with the next frame, however many updates come before it. */
  #draw(/** @type {Set<string> | null} */ slugs) {
    this.dirty = slugs && this.dirty ? new Set([...this.dirty, ...slugs]) : null;
    this.frame ||= requestAnimationFrame(() => {
      const { dirty } = this;
      this.frame = 0;
      this.dirty = new Set();
      if (!dirty) this.requestUpdate();
      for (const tile of this.#tiles) if (!dirty || tile.shows(dirty)) tile.requestUpdate();
    });
  }

  render() {
    const { screen, editor } = this;
    if (!screen) return nothing;
    this.#keepFocus();
    const { phase, banner } = screen.connection();
    const board = editor?.layout ?? screen.shown.board;
    useZone(board?.zone ?? ""); // first, since tiles and the text about the connection show times
    this.dataset.phase = phase;
    this.toggleAttribute("data-cut-off", Boolean(banner));
    this.toggleAttribute("data-past", Boolean(screen.past));
    const pages = this.pagesOf(board);
    const wall = editor ? onWall(editor.layout.widgets) : null;
    const shown = new Set(pages[Math.min(this.page, pages.length - 1)]);
    return html`
      ${banner ? this.#banner(banner, phase) : nothing} ${editor && wall ? this.#toolbar(editor, wall.sentence) : nothing}
      ${this.rewinding === null
        ? nothing
        : html`<rewind-bar .screen=${screen} .at=${this.rewinding || null} @live=${() => (this.rewinding = null)}></rewind-bar>`}
      ${board?.widgets.length
        ? html`<div class="board">
            ${repeat(
              board.widgets,
              ({ id }) => id,
              (widget) => html`<board-tile
                ?hidden=${!shown.has(widget)}
                .widget=${widget}
                .space=${this.space}
                .screen=${screen}
                .editor=${editor}
                .note=${wall?.notes.get(widget) ?? ""}
                .configure=${() => this.dialog.configure(widget)}
              ></board-tile>`,
            )}
          </div>`
        : editor
          ? html`<div class="empty"><h2>No tiles yet</h2><p>Add the first one.</p></div>`
          : screen.state.board
            ? this.#withoutTiles(screen.state.board)
            : banner
              ? nothing
              : html`<p class="muted" role="status">Loading…</p>`}
    `;
  }

  #toolbar(/** @type {LayoutEditor} */ editor, /** @type {string} */ onWall) {
    const { kind, text } = editor.notice;
    return html`<div class="edit-bar" role="toolbar" aria-label="Edit the board">
        <button class="button button--primary" type="button" @click=${() => this.dialog.add()}>Add tile</button>
        <button class="button" type="button" ?disabled=${!editor.canUndo} @click=${() => editor.undo()}>Undo</button>
        <button class="button" type="button" @click=${() => this.dialog.configureBoard()}>Title and time zone</button>
        <p class="edit-bar__notice" data-kind=${kind} role=${kind === "conflict" || kind === "failed" ? "alert" : "status"}>
          ${this.trouble || text}
          ${kind === "failed" ? html`<button class="button" type="button" @click=${() => editor.retry()}>Try again</button>` : nothing}
        </p>
        <button class="button spread" type="button" @click=${() => this.toggleEditing()}>Done</button>
      </div>
      <p class="edit-help small muted" id="handles-help">Drag a tile by its handle, resize it by its corner.<span class="edit-help__keys"> On the handle the arrow keys move it, with Shift they resize it, Delete deletes it. Ctrl-Z undoes.</span> <span data-on-wall>${onWall}</span></p>
      <p class="visually-hidden" role="status">${editor.said}</p>
      <tile-dialog .editor=${editor} .offered=${this.offered} .rooms=${this.rooms}></tile-dialog>`;
  }

  #banner(/** @type {string} */ text, /** @type {string} */ phase) {
    const [said] = text.split(" Reconnecting");
    return html`<div class="board-banner" data-phase=${phase}>
      <p aria-hidden="true">${truthSign("offline")} ${text}</p>
      <p class="visually-hidden" role="alert">${said}</p>
      ${phase === "waiting" ? html`<button class="button" type="button" @click=${() => this.screen?.socket.retry()}>Try now</button>` : nothing}
      ${phase === "stopped" ? html`<a class="button" href=${location.pathname}>Open this page again</a>` : nothing}
    </div>`;
  }

  #withoutTiles(/** @type {import("./state/board-state.js").Board} */ board) {
    return html`<div class="empty">
      <h2>Nothing on this board yet</h2>
      <p>Make a stream that shows here, on the server:</p>
      <copy-command .text=${`python manage.py createstream orders --push --board ${board.slug}`}></copy-command>
      <p>Then push a value with the token it prints:</p>
      <copy-command .text=${curlCommand({ slug: "orders", kind: "number" })}></copy-command>
      ${this.mayEdit
        ? html`<p>Or add tiles for streams that are there:</p>
            <button class="button" type="button" @click=${() => this.toggleEditing()}>Edit this board</button>`
        : nothing}
    </div>`;
  }
}

customElements.define("board-view", BoardView);
