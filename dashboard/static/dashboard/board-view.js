/** A board's tiles, and the banner that says when this screen is not connected. */
import { html, LitElement, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import "./board-tile.js";
import "./copy-line.js";

/**
 * @typedef {import("./board-tile.js").BoardTile} BoardTile
 * @typedef {import("./screen.js").Screen} Screen
 */

/** Ages and marks are looked at so often, milliseconds. */
const TICK = 1000;

export class BoardView extends LitElement {
  static properties = { screen: { attribute: false }, mayEdit: { attribute: false } };

  constructor() {
    super();
    /** @type {Screen | null} */
    this.screen = null;
    this.mayEdit = false;
    /** @type {Set<string> | null} streams to draw anew with the next frame; null: all */
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
    this.ticking = setInterval(() => this.#tick(), TICK);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.ticking);
    for (const end of this.endings) end();
  }

  /** @param {Map<string, unknown>} changed */
  willUpdate(changed) {
    if (!changed.has("screen") || !this.screen) return;
    for (const end of this.endings) end();
    this.endings = [
      this.screen.state.onChange((slugs) => this.#draw(slugs)),
      this.screen.onLine(() => this.requestUpdate()),
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

  /** Draw with the next frame, however many updates come before it. */
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
    const { screen } = this;
    if (!screen) return nothing;
    const { phase, banner } = screen.line();
    const board = screen.state.board;
    this.dataset.phase = phase;
    return html`
      ${banner ? this.#banner(banner, phase) : nothing}
      ${board?.widgets.length
        ? html`<div class="board">
            ${repeat(
              board.widgets,
              ({ id }) => id,
              (widget) => html`<board-tile .widget=${widget} .screen=${screen}></board-tile>`,
            )}
          </div>`
        : board
          ? this.#withoutTiles(board)
          : banner
            ? nothing
            : html`<p class="muted" role="status">Loading…</p>`}
    `;
  }

  #banner(/** @type {string} */ text, /** @type {string} */ phase) {
    const [said] = text.split(" Reconnecting");
    return html`<div class="board-banner" data-phase=${phase}>
      <p aria-hidden="true">${text}</p>
      <p class="visually-hidden" role="alert">${said}</p>
      ${phase === "waiting" ? html`<button class="button" type="button" @click=${() => this.screen?.socket.retry()}>Try now</button>` : nothing}
      ${phase === "stopped" ? html`<a class="button" href=${location.pathname}>Open this page again</a>` : nothing}
    </div>`;
  }

  #withoutTiles(/** @type {import("./board-state.js").Board} */ board) {
    return html`<div class="empty">
      <h2>Nothing on this board yet</h2>
      <p>Make a stream that shows here, on the server:</p>
      <copy-line .text=${`python manage.py createstream orders --push --board ${board.slug}`}></copy-line>
      <p>Then push a value with the token it prints:</p>
      <copy-line
        .text=${`curl -X POST ${location.origin}/api/streams/orders/ -H 'Authorization: Bearer TOKEN' -d '{"value": 42}'`}
      ></copy-line>
      ${this.mayEdit ? html`<p>Or add tiles for streams that are there <a href="/admin/dashboard/board/">in the admin</a>.</p>` : nothing}
    </div>`;
  }
}

customElements.define("board-view", BoardView);
