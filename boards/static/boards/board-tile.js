/** One tile: its title, its age, its widget, and what is wrong with it. */
import { html, LitElement, nothing } from "lit";
import { keyed } from "lit/directives/keyed.js";
import { grouped, showText } from "web/format.js";
import { curlCommand } from "./curl.js";
import { cutOf, hideCut, isOther, WHOLE } from "./cut.js";
import { LEVEL_WORDS } from "./state/signs.js";
import { tileHandles } from "./editor/tile-handles.js";
import { clockFoot, clockTile } from "./tiles/clock.js";
import { gaugeTile } from "./tiles/gauge.js";
import { lineTile } from "./tiles/line.js";
import { listTile } from "./tiles/list.js";
import { numberFoot, numberTile } from "./tiles/number.js";
import { roomTile } from "./tiles/room.js";
import { sign, statusTile } from "./tiles/status.js";
import { tableTile } from "./tiles/table.js";
import { textTile } from "./tiles/text.js";
import { MAY_BE } from "./tiles/translated.js";
import { truthMarks, truthSign } from "./tiles/truth-mark.js";
import { marksOf, tell, truthOfAll } from "./state/age-and-state.js";

/**
 * @typedef {import("./state/board-state.js").Stream} Stream
 * @typedef {import("./state/board-state.js").Widget} Widget
 * @typedef {import("./state/screen.js").Screen} Screen
 */

/** @type {import("./state/age-and-state.js").Told} */
const NOTHING_TO_TELL = { truth: "fresh", old: false, age: "", notes: [] };
/** Types that show something without a stream. */
const WITHOUT_STREAM = new Set(["clock", "room", "text"]);
/** Types that show rows, and say how many more there are. */
const ROWS = new Set(["line", "list", "status", "table"]);

export class BoardTile extends LitElement {
  static properties = {
    widget: { attribute: false },
    screen: { attribute: false },
    editor: { attribute: false },
    configure: { attribute: false },
    space: { attribute: false },
    note: { attribute: false },
    cut: { state: true, hasChanged: isOther },
  };

  constructor() {
    super();
    /** @type {Widget | null} */
    this.widget = null;
    /** @type {Screen | null} */
    this.screen = null;
    /** Who edits the board that this tile is on. @type {import("./editor/layout-editor.js").LayoutEditor | null} */
    this.editor = null;
    /** Called to open the form for this tile. */
    this.configure = () => {};
    /** A note for the person who edits the board. */
    this.note = "";
    /** The size of the wall that shows it; null on a page. @type {import("./fit.js").Space | null} */
    this.space = null;
    /** The part that is cut off at the bottom. */
    this.cut = WHOLE;
    /** The order of rows, kept while somebody points at the tile or has the focus in it. @type {string[] | null} */
    this.held = null;
    /** By stream: milliseconds from the newest value's time to its painting here. @type {Map<string, {seq: number, delay: number}>} */
    this.painted = new Map();
  }

  createRenderRoot() {
    return this;
  }

  connectedCallback() {
    super.connectedCallback();
    for (const type of ["pointerenter", "focusin"]) this.addEventListener(type, this.#hold);
    for (const type of ["pointerleave", "focusout"]) this.addEventListener(type, this.#letGo);
    this.addEventListener("scroll", this.#scrolled, { capture: true, passive: true });
  }

  #scrolled = () => this.lookForCut();

  #hold = () => {
    const keys = [...this.querySelectorAll("[data-key]")].map((row) => /** @type {HTMLElement} */ (row).dataset.key ?? "");
    if (keys.length) this.held ??= keys;
  };

  #letGo = (/** @type {Event} */ event) => {
    const next = /** @type {FocusEvent} */ (event).relatedTarget;
    const stays = event.type === "focusout" ? this.matches(":hover") || this.contains(/** @type {Node | null} */ (next)) : this.contains(document.activeElement);
    if (stays || !this.held) return;
    this.held = null;
    this.requestUpdate();
  };

  /** True when the tile shows one of `slugs`. */
  shows(/** @type {Set<string>} */ slugs) {
    return this.widget?.streams.some((slug) => slugs.has(slug)) ?? false;
  }

  /** @returns {Stream[]} */
  get #streams() {
    const known = this.screen?.shown.streams;
    return (this.widget?.streams ?? []).flatMap((slug) => known?.get(slug) ?? []);
  }

  updated() {
    const { widget } = this;
    if (!widget) return;
    Object.assign(this.dataset, { width: widget.width, height: widget.height, type: widget.type });
    this.toggleAttribute("data-hero", Boolean(widget.options.hero));
    this.style.setProperty("--height", String(widget.height));
    // For a wall's style sheet: how many rows share the height, and how many letters the width.
    this.style.setProperty("--letters", /** @type {HTMLElement | null} */ (this.querySelector("[data-letters]"))?.dataset.letters ?? "5");
    this.style.setProperty("--lines", String(Math.max(3, this.querySelectorAll(".tile__body :is(li, tr)").length)));
    this.toggleAttribute("data-editing", Boolean(this.editor));
    if (this.screen?.details) this.#measure(this.screen);
  }

  /** Measure what is cut now. Call it before any change to the page, or the browser must lay it out again. */
  lookForCut() {
    const body = /** @type {HTMLElement | null} */ (this.querySelector(".tile__body"));
    if (!body || this.hidden) return;
    this.cut = cutOf(body);
    if (this.space) hideCut(body, this.cut);
  }

  /** Record how old the newest values are when the browser has painted them. */
  #measure(/** @type {Screen} */ screen) {
    const news = this.#streams.filter(({ slug, seq, moved }) => moved && this.painted.get(slug)?.seq !== seq);
    for (const { slug, seq, at } of news) {
      this.painted.set(slug, { seq, delay: this.painted.get(slug)?.delay ?? NaN });
      // The frame after the one that paints.
      requestAnimationFrame(() =>
        requestAnimationFrame(() => this.painted.set(slug, { seq, delay: Math.max(0, screen.now() - (at ?? NaN)) })),
      );
    }
  }

  render() {
    const { widget, screen, editor } = this;
    if (!widget || !screen) return nothing;
    if (!editor) return this.#tile(widget, screen);
    const name = widget.title || this.#streams[0]?.label || this.#ownTitle(widget) || "text";
    return html`${this.#tile(widget, screen)}${tileHandles(widget, name, editor, this.configure, this.note)}`;
  }

  #tile(/** @type {Widget} */ widget, /** @type {Screen} */ screen) {
    const streams = this.#streams;
    const title = widget.title || streams.map(({ label }) => label).join(", ") || this.#ownTitle(widget);
    if (!streams.length && !WITHOUT_STREAM.has(widget.type)) return this.#without(title);
    const told = streams.length ? tell(streams, screen.shownAt(), screen.heardAt()) : NOTHING_TO_TELL;
    const whole = truthOfAll(streams, screen.heardAt());
    return html`<section class="tile" data-truth=${told.truth} aria-label=${title || "Text"}>
      ${title || streams.length
        ? html`<header class="tile__head">
            ${this.#heading(title)}
            <span class="tile__age" ?data-old=${told.old}>${this.#age(streams, screen, told)}</span>
          </header>`
        : nothing}
      <div class="tile__body" ?data-cut=${this.cut.rows} data-stale=${whole === "fresh" ? nothing : whole}>
        ${this.#body(widget, streams, screen)}
        ${ROWS.has(widget.type) ? this.#more(this.cut) : nothing}
      </div>
      ${this.#foot(widget, streams, told)} ${screen.details && !screen.past ? this.#details(streams) : nothing}
    </section>`;
  }

  /** A browser that translates replaces the text node, so each new title gets a new element. */
  #heading(/** @type {string} */ title) {
    return keyed(title, html`<h2 class="tile__title" title=${title} translate=${MAY_BE}>${title}</h2>`);
  }

  /** The name of a tile without a stream and without a title. */
  #ownTitle(/** @type {Widget} */ { type, options }) {
    if (type === "room") return options.room ? `# ${options.room}` : "Room";
    return type === "clock" ? "Time" : "";
  }

  /** Covers the end of rows that are cut, and says what is wrong among the hidden ones. @param {import("./cut.js").Cut} cut */
  #more({ rows, worst }) {
    return html`<p class="tile__more" aria-hidden="true"
      ><span class="more__words">and </span>${grouped(rows, 0)}<span class="more__words"> more</span>${worst
        ? html`<span class="more__words">, </span><span data-level=${worst}>${sign(worst, false)}<span class="more__words"> ${LEVEL_WORDS[worst]}</span></span>`
        : nothing}</p
    >`;
  }

  /** How the values got here, when the reader asked for details. */
  #details(/** @type {Stream[]} */ streams) {
    return html`<ul class="tile__details">
      ${streams.map(({ slug, label, seq, merged }) => {
        const delay = this.painted.get(slug)?.delay ?? NaN;
        const way = Number.isNaN(delay) ? "no update yet" : `${showText(delay / 1000, "s")} from source to screen`;
        return html`<li>
          ${streams.length > 1 ? `${label}: ` : nothing}${way} · ${merged} ${merged === 1 ? "update" : "updates"} merged · change ${seq}
        </li>`;
      })}
    </ul>`;
  }

  /** @param {Stream[]} streams @param {Screen} screen @param {import("./state/age-and-state.js").Told} told */
  #age(streams, screen, { age, old }) {
    const marks = truthMarks(marksOf(streams, screen.shownAt(), screen.heardAt()));
    if (!age || old) return marks;
    return html`${marks}<span><span class="visually-hidden">updated </span>${age}<span class="visually-hidden"> ago</span></span>`;
  }

  /** @param {Widget} widget @param {Stream[]} streams @param {Screen} screen */
  #body(widget, streams, screen) {
    switch (widget.type) {
      case "number":
        return numberTile(widget, streams, this.space);
      case "line":
        return lineTile(widget, streams, screen.shownAt(), screen.heardAt());
      case "gauge":
        return gaugeTile(widget, streams, this.space);
      case "list":
        return listTile(widget, streams, screen, this.held);
      case "table":
        return tableTile(widget, streams, screen.steady(), this.held, this.space);
      case "clock":
        return clockTile(widget, screen.shownAt());
      case "room":
        if (!screen.rooms()) return html`<p class="tile__note">Rooms are not shown on this wall. Staff can allow them.</p>`;
        return screen.past ? html`<p class="tile__note">Rooms are not wound back.</p>` : roomTile(widget, screen.rooms());
      case "status":
        return statusTile(widget, streams, screen);
      default:
        return textTile(widget, streams);
    }
  }

  /** @param {Widget} widget @param {Stream[]} streams @param {import("./state/age-and-state.js").Told} told */
  #foot(widget, streams, { truth, notes }) {
    if (notes.length) {
      return html`<div class="tile__foot">
        ${notes.map(
          (note) => html`<p class="tile__note" data-truth=${note.truth} title=${note.text}>
            ${note.truth === "empty" ? nothing : truthSign(note.truth)} <span class="tile__words">${note.text}</span>
          </p>`,
        )}
        ${truth === "empty" && !this.screen?.past ? this.#howToPush(streams) : nothing}
      </div>`;
    }
    if (widget.type === "clock" && this.screen) return clockFoot(widget, this.screen.shownAt());
    return widget.type === "number" ? numberFoot(widget, streams) : nothing;
  }

  /** @param {Stream[]} streams */
  #howToPush(streams) {
    const empty = streams.find(({ at }) => at === null);
    return empty ? html`<copy-command .text=${curlCommand(empty)}></copy-command>` : nothing;
  }

  #without(/** @type {string} */ title) {
    return html`<section class="tile" data-truth="empty" aria-label=${title}>
      <header class="tile__head">${this.#heading(title || "Empty tile")}</header>
      <p class="tile__note" data-truth="empty">This tile shows no stream yet.</p>
    </section>`;
  }
}

customElements.define("board-tile", BoardTile);
