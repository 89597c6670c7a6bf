/** `<board-thumbnail slug="host">`: a board's first tiles, small and live, in a shadow root with its own styles. */
import { css, html, LitElement, nothing, svg } from "lit";
import { show, showText } from "web/format.js";
import { person } from "web/page.js";
import { sparkline } from "./state/line-data.js";
import { LEVEL_SIGNS, LEVEL_WORDS, readStatus } from "./state/signs.js";
import { columnsOf } from "./tiles/table.js";
import { truthSign } from "./tiles/truth-mark.js";
import { tell, truthOf } from "./state/age-and-state.js";
import { Thumbnails } from "./thumbnails.js";
import { Socket } from "realtime/socket.js";

/** @typedef {import("./state/board-state.js").Stream} Stream */
/** @typedef {import("./state/board-state.js").Widget} Widget */

const ITEMS = 4;
const TICK = 1000;

const thumbnails = new Thumbnails(new Socket("/ws/boards/", { person }));

export class BoardThumbnail extends LitElement {
  static properties = { slug: {} };

  static styles = css`
    :host {
      display: flex;
      flex: 1;
      flex-direction: column;
      font-size: var(--text-s);
      font-variant-numeric: tabular-nums;
    }
    ul {
      display: grid;
      grid-template-columns: minmax(6rem, 1fr) minmax(0, 72px) auto;
      align-items: center;
      gap: 7px 12px;
      margin: 0;
      padding: 0;
      list-style: none;
    }
    li {
      display: contents;
    }
    .wide .value {
      grid-column: 2 / 4;
    }
    .lead .name,
    .lead .line {
      grid-column: 1 / 4;
    }
    .lead .value {
      grid-column: 1 / 4;
      grid-row: 1;
      font-size: 30px;
      font-weight: 700;
      letter-spacing: -0.02em;
      line-height: 1.1;
      text-align: start;
    }
    .lead .name {
      display: none;
    }
    .lead .line {
      height: 36px;
    }
    .name {
      overflow: hidden;
      text-overflow: ellipsis;
      white-space: nowrap;
      color: var(--muted);
    }
    .value {
      font-weight: 600;
      text-align: end;
      white-space: nowrap;
      overflow: hidden;
      text-overflow: ellipsis;
    }
    .unit {
      color: var(--muted);
      font-weight: 400;
    }
    .truth-sign {
      width: 1em;
      height: 1em;
      vertical-align: -0.12em;
      fill: none;
      stroke: currentColor;
      stroke-width: 2;
    }
    .line {
      width: 100%;
      height: 18px;
      overflow: visible;
    }
    .line path {
      fill: none;
      stroke: var(--accent);
      stroke-linecap: round;
      stroke-width: 1.5;
      vector-effect: non-scaling-stroke;
    }
    /* A value that is old, failing or unknown must not look well. */
    li:is([data-truth="failing"], [data-truth="unknown"], [data-truth="old"]),
    :host([data-offline]) ul {
      --ok: var(--muted);
      --warn: var(--muted);
      --crit: var(--muted);
      --info: var(--muted);
    }
    li:is([data-truth="failing"], [data-truth="unknown"]) .value,
    :host([data-offline]) .value {
      color: var(--muted);
    }
    li:is([data-truth="failing"], [data-truth="unknown"]) .line,
    :host([data-offline]) .line {
      opacity: 0.5;
    }
    .state {
      margin: auto 0 0;
      padding-top: 12px;
      color: var(--muted);
      font-size: var(--text-xs);
    }
    .state[data-truth="old"],
    .old {
      color: var(--warn-ink, var(--warn));
      font-weight: 600;
    }
    .state[data-truth="failing"] {
      color: var(--crit);
    }
    [data-level="ok"] .sign,
    .up {
      color: var(--ok);
    }
    [data-level="warn"] .sign {
      color: var(--warn);
    }
    [data-level="crit"] .sign,
    .down {
      color: var(--crit);
    }
    [data-level="info"] .sign {
      color: var(--info);
    }
    .quiet {
      margin: 0;
      color: var(--muted);
    }
    .hidden {
      position: absolute;
      width: 1px;
      height: 1px;
      overflow: hidden;
      clip-path: inset(50%);
      white-space: nowrap;
    }
  `;

  constructor() {
    super();
    this.slug = "";
    /** @type {(() => void)[]} */
    this.endings = [];
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.ticking = undefined;
    this.frame = 0;
  }

  connectedCallback() {
    super.connectedCallback();
    this.translate = false;
    const state = thumbnails.watch(this.slug);
    const draw = () => {
      this.frame ||= requestAnimationFrame(() => {
        this.frame = 0;
        this.requestUpdate();
      });
    };
    this.endings = [state.onChange(draw), thumbnails.onConnection(draw)];
    this.ticking = setInterval(draw, TICK);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.ticking);
    for (const end of this.endings) end();
  }

  render() {
    const { board, streams } = thumbnails.watch(this.slug);
    const live = thumbnails.isLive(this.slug);
    this.toggleAttribute("data-offline", Boolean(board) && !live);
    if (!board) return html`<p class="quiet">${thumbnails.socket.live ? "Loading…" : "Not connected"}</p>`;
    if (!streams.size) return html`<p class="quiet">Nothing on this board yet</p>`;
    /** @type {Set<string>} streams that are listed already */
    const shown = new Set();
    const items = board.widgets.flatMap((widget) => this.#items(widget, streams, shown)).slice(0, ITEMS);
    return html`<ul>
        ${items}
      </ul>
      ${this.#state([...streams.values()], live)}`;
  }

  /** @param {Stream[]} streams @param {boolean} live */
  #state(streams, live) {
    if (!live) return html`<p class="state" data-truth="offline">${truthSign("offline")} not connected</p>`;
    const { truth, age, old } = tell(streams, thumbnails.now());
    const failing = streams.filter(({ state }) => state === "error").length;
    if (failing) {
      return this.#said("failing", `${failing} ${failing === 1 ? "producer" : "producers"} failing`, old ? `${age} old` : "");
    }
    if (truth === "unknown") return this.#said("unknown", "its producers are not running");
    if (old) return this.#said("old", `${age} old`);
    return age ? html`<p class="state" data-truth="fresh">${age} ago</p>` : nothing;
  }

  /** @param {"failing" | "unknown" | "old"} truth @param {string} text @param {string} [old] what else is old */
  #said(truth, text, old = "") {
    return html`<p class="state" data-truth=${truth}>
      ${truthSign(truth)} ${text}${old
        ? html`<span class="old"> · ${truthSign("old")} ${old}</span>`
        : nothing}
    </p>`;
  }

  /** @param {Widget} widget @param {Map<string, Stream>} known @param {Set<string>} shown @returns {unknown[]} list items */
  #items(widget, known, shown) {
    const streams = widget.streams.filter((slug) => !shown.has(slug)).flatMap((slug) => known.get(slug) ?? []);
    for (const { slug } of streams) shown.add(slug);
    return streams.flatMap((stream) =>
      stream.kind === "table" ? this.#rows(widget, stream) : [this.#item(widget, stream, known.size === 1)],
    );
  }

  /** @param {Widget} widget @param {Stream} stream @param {boolean} alone */
  #item(widget, stream, alone) {
    const truth = truthOf(stream, thumbnails.now());
    if (stream.kind === "status") {
      const { level, text } = readStatus(stream.value);
      return html`<li class="wide" data-truth=${truth} data-level=${level}>
        <span class="name">${this.#sign(truth)}${stream.label}</span>
        <span class="value"><span class="sign" aria-hidden="true">${LEVEL_SIGNS[level]}</span><span class="hidden">${LEVEL_WORDS[level]}</span> ${text}</span>
      </li>`;
    }
    const isSeries = stream.kind === "series";
    const points = isSeries ? (stream.value ?? []) : stream.history;
    const value = isSeries ? points.at(-1)?.[1] : stream.value;
    const { before, number, after } = show(value, stream.unit, widget.options.decimals ?? null, widget.options.compact);
    const path = sparkline(points, 72, 18, 40, isSeries ? Infinity : stream.gap);
    return html`<li class=${alone ? "lead" : path ? "" : "wide"} data-truth=${truth}>
      <span class="name">${this.#sign(truth)}${stream.label}</span>
      ${path ? html`<svg class="line" viewBox="0 0 72 18" preserveAspectRatio="none" aria-hidden="true">${svg`<path d=${path} />`}</svg>` : nothing}
      <span class="value">${before} ${number} <span class="unit">${after}</span></span>
    </li>`;
  }

  /** The sign of a row that is not fresh, by which the text below can be matched to it. @param {import("./state/age-and-state.js").Truth} truth */
  #sign(truth) {
    return truth === "fresh" || truth === "empty" ? nothing : html`${truthSign(truth)} `;
  }

  /** @param {Widget} widget @param {Stream} stream */
  #rows(widget, stream) {
    const columns = columnsOf(widget, stream);
    const column = columns.find(({ key }) => key === "last") ?? columns[0];
    const moved = columns.find((each) => each.change);
    const truth = truthOf(stream, thumbnails.now());
    return Object.entries(/** @type {Record<string, any>} */ (stream.value ?? {}))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, row]) => {
        const digits = Number.isInteger(row.decimals) ? row.decimals : null;
        const change = moved ? row[moved.key] : null;
        return html`<li class="wide" data-truth=${truth}>
          <span class="name">${key}</span>
          <span class="value"
            >${column ? showText(row[column.key], column.unit, column.decimals ?? digits) : ""}
            ${change ? html`<span class=${change > 0 ? "up" : "down"} aria-hidden="true">${change > 0 ? "▲" : "▼"}</span>` : nothing}</span
          >
        </li>`;
      });
  }
}

customElements.define("board-thumbnail", BoardThumbnail);
