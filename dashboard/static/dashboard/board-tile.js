/** One tile: title, age, what its widget shows, and what is wrong with it. */
import { html, LitElement, nothing } from "lit";
import { TRUTH_SIGNS } from "./signs.js";
import { lineTile } from "./tiles/line.js";
import { numberFoot, numberTile } from "./tiles/number.js";
import { statusTile } from "./tiles/status.js";
import { tableTile } from "./tiles/table.js";
import { textTile } from "./tiles/text.js";
import { tell } from "./truth.js";

/**
 * @typedef {import("./board-state.js").Stream} Stream
 * @typedef {import("./board-state.js").Widget} Widget
 * @typedef {import("./screen.js").Screen} Screen
 */

export class BoardTile extends LitElement {
  static properties = { widget: { attribute: false }, screen: { attribute: false } };

  constructor() {
    super();
    /** @type {Widget | null} */
    this.widget = null;
    /** @type {Screen | null} */
    this.screen = null;
  }

  createRenderRoot() {
    return this;
  }

  /** True when the tile shows one of `slugs`. */
  shows(/** @type {Set<string>} */ slugs) {
    return this.widget?.streams.some((slug) => slugs.has(slug)) ?? false;
  }

  /** @returns {Stream[]} */
  get #streams() {
    const known = this.screen?.state.streams;
    return (this.widget?.streams ?? []).flatMap((slug) => known?.get(slug) ?? []);
  }

  updated() {
    const { widget } = this;
    if (!widget) return;
    Object.assign(this.dataset, { width: widget.width, height: widget.height, type: widget.type });
    this.toggleAttribute("data-hero", Boolean(widget.options.hero));
  }

  render() {
    const { widget, screen } = this;
    if (!widget || !screen) return nothing;
    const streams = this.#streams;
    const title = widget.title || streams[0]?.label || "";
    if (!streams.length) return this.#without(title);
    const told = tell(streams, screen.now(), screen.heardAt());
    return html`<section class="tile" data-truth=${told.truth} aria-label=${title}>
      <header class="tile__head">
        <h2 class="tile__title">${title}</h2>
        <span class="tile__age" ?data-old=${told.old}>${this.#age(told)}</span>
      </header>
      <div class="tile__body">${this.#body(widget, streams, screen)}</div>
      ${this.#foot(widget, streams, told)}
    </section>`;
  }

  #age(/** @type {import("./truth.js").Told} */ { age, old }) {
    if (!age) return nothing;
    return old
      ? html`<span aria-hidden="true">${TRUTH_SIGNS.old}</span> ${age} old`
      : html`<span class="visually-hidden">updated </span>${age}<span class="visually-hidden"> ago</span>`;
  }

  /** @param {Widget} widget @param {Stream[]} streams @param {Screen} screen */
  #body(widget, streams, screen) {
    switch (widget.type) {
      case "number":
        return numberTile(widget, streams);
      case "line":
        return lineTile(widget, streams, screen.now());
      case "table":
        return tableTile(widget, streams, screen.steady());
      case "status":
        return statusTile(widget, streams);
      default:
        return textTile(widget, streams);
    }
  }

  /** @param {Widget} widget @param {Stream[]} streams @param {import("./truth.js").Told} told */
  #foot(widget, streams, { truth, notes }) {
    if (notes.length) {
      return html`<div class="tile__foot">
        ${notes.map(
          (note) => html`<p class="tile__note" data-truth=${note.truth}>
            <span aria-hidden="true">${TRUTH_SIGNS[note.truth]}</span> ${note.text}
          </p>`,
        )}
        ${truth === "empty" ? this.#howToPush(streams) : nothing}
      </div>`;
    }
    return widget.type === "number" ? numberFoot(widget, streams) : nothing;
  }

  /** @param {Stream[]} streams */
  #howToPush(streams) {
    const empty = streams.find(({ at }) => at === null);
    return empty ? html`<copy-line .text=${curlLine(empty)}></copy-line>` : nothing;
  }

  #without(/** @type {string} */ title) {
    return html`<section class="tile" data-truth="empty" aria-label=${title}>
      <header class="tile__head"><h2 class="tile__title">${title || "Empty tile"}</h2></header>
      <p class="tile__note" data-truth="empty">This tile shows no stream. Choose one in the admin.</p>
    </section>`;
  }
}

/** A line to paste into a shell that pushes a value. */
export function curlLine(/** @type {Stream} */ { slug, kind }) {
  const example = { number: "42", text: '"hello"', status: '"ok"', table: '{"A": {"price": 1}}', series: "[]" }[kind];
  return `curl -X POST ${location.origin}/api/streams/${slug}/ -H 'Authorization: Bearer TOKEN' -d '{"value": ${example}}'`;
}

customElements.define("board-tile", BoardTile);
