/** A uPlot chart, its legend with the values, and the same as a table for people who can't see the chart. */
import { html, LitElement, nothing } from "lit";
import { clockSeconds, pageZone } from "web/time.js";
import "./language.js";
import uPlot from "uplot";
import { axisText, showText } from "web/format.js";
import { copy } from "web/copy.js";
import { align, alone, roomFor, tickText, timeRange, valueAt } from "./state/line-data.js";
import { truthMark } from "./tiles/truth-mark.js";
import { duration, marksOf, staleOf } from "./state/age-and-state.js";

/** @typedef {import("./state/board-state.js").Stream} Stream */

/**
 * The lines' colours (tokens that colour-blind people can tell apart) and dashes, so that lines differ without colour.
 */
const LINES = [
  { token: "--line-1", dash: [] },
  { token: "--line-2", dash: [5, 4] },
  { token: "--line-3", dash: [2, 3] },
  { token: "--line-4", dash: [9, 3, 2, 3] },
];
/** For the table for screen readers: how many rows, and milliseconds between two renewals. */
const TABLE_ROWS = 20;
const TABLE_EVERY = 10_000;
/** Milliseconds for which the button says that it has copied. */
const COPIED = 2000;

export class LineChart extends LitElement {
  static properties = {
    streams: { attribute: false },
    range: { attribute: false },
    label: { attribute: false },
    decimals: { attribute: false },
    now: { attribute: false },
    heardAt: { attribute: false },
    span: { attribute: false },
    tabled: { state: true },
    copied: { state: true },
  };

  constructor() {
    super();
    /** @type {Stream[]} */
    this.streams = [];
    /** @type {{min: number | null, max: number | null}} */
    this.range = { min: null, max: null };
    this.label = "";
    /** @type {number | null} */
    this.decimals = null;
    this.now = 0;
    this.heardAt = 0;
    /** How many seconds to show; null: everything there is. @type {number | null} */
    this.span = null;
    /** True when a table is shown instead of the chart. */
    this.tabled = false;
    this.copied = false;
    /** @type {uPlot | null} */
    this.plot = null;
    /** @type {number | null} the point under the pointer */
    this.hovered = null;
    this.key = "";
    /** The table as last rendered. */
    this.table = { turn: -1, rows: /** @type {unknown} */ (null) };
    this.resized = new ResizeObserver(() => this.#resize());
    this.repaint = () => this.#rebuild();
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
  }

  createRenderRoot() {
    return this;
  }

  connectedCallback() {
    super.connectedCallback();
    document.addEventListener("themechange", this.repaint);
    this.scheme.addEventListener("change", this.repaint);
    this.requestUpdate(); // moving a tile takes it out of the document and puts it back
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    document.removeEventListener("themechange", this.repaint);
    this.scheme.removeEventListener("change", this.repaint);
    this.resized.disconnect();
    this.plot?.destroy();
    this.plot = null;
    this.key = "";
  }

  get #box() {
    return /** @type {HTMLElement} */ (this.querySelector(".chart__plot"));
  }

  #data() {
    // A series has its own gaps: its producer sends null for them.
    const lines = this.streams.map(({ kind, value, history, gap }) =>
      kind === "series" ? { points: value ?? [], gap: Infinity } : { points: history, gap },
    );
    return align(lines.map(({ points }) => points), lines.map(({ gap }) => gap));
  }

  updated() {
    const key = `${this.streams.map(({ slug }) => slug).join(" ")} ${this.tabled}`;
    if (this.tabled) {
      this.plot?.destroy();
      this.plot = null;
      this.key = key;
    } else if (key !== this.key) {
      this.key = key;
      this.#rebuild();
    } else {
      this.plot?.setData(this.#data());
    }
  }

  #rebuild() {
    this.plot?.destroy();
    this.plot = null;
    const box = this.#box;
    if (!box?.clientWidth || !box.clientHeight) return void this.resized.observe(box);
    this.plot = new uPlot(this.#options(box), this.#data(), box);
    this.resized.observe(box);
  }

  #resize() {
    const box = this.#box;
    if (!box || this.tabled) return;
    if (!this.plot) this.#rebuild();
    else if (box.clientWidth !== this.plot.width || box.clientHeight !== this.plot.height) this.#rebuild();
  }

  /** @param {HTMLElement} box @returns {uPlot.Options} */
  #options(box) {
    const style = getComputedStyle(box);
    const color = (/** @type {string} */ token) => style.getPropertyValue(token).trim();
    const scale = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    const letter = parseFloat(style.fontSize);
    const font = `${Math.round(letter)}px ${color("--font")}`;
    const axis = { stroke: color("--muted"), font, ticks: { show: false }, border: { show: false } };
    return {
      width: box.clientWidth,
      height: box.clientHeight,
      ms: 1,
      // Ticks at the hours and days of the page's time zone.
      tzDate: (at) => (pageZone ? uPlot.tzDate(new Date(at), pageZone) : new Date(at)),
      padding: [8 * scale, 24 * scale, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { size: 7 * scale }, drag: { setScale: false, x: false, y: false } },
      hooks: { setCursor: [(/** @type {uPlot} */ plot) => this.#hover(plot.cursor.idx ?? null)] },
      scales: {
        x: { range: (_plot, min, max) => timeRange(min, max, this.now, this.span) },
        y: { range: (_plot, min, max) => roomFor(min ?? 0, max ?? 1, this.range) },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: 2.2 * letter,
          gap: 5 * scale,
          space: 7.3 * letter,
          values: (_plot, times, _axis, _space, step) => times.map((at) => tickText(at, step)),
        },
        {
          ...axis,
          grid: { stroke: color("--line"), width: scale },
          size: (_plot, values) => Math.max(2, ...(values ?? []).map((text) => text.length)) * 0.6 * letter + 12 * scale,
          space: 3.3 * letter,
          gap: 6 * scale,
          values: (_plot, values) => values.map((value) => axisText(value, this.#unit())),
        },
      ],
      series: [
        {},
        ...this.streams.map((_, index) => {
          const { token, dash } = LINES[index % LINES.length];
          return {
            stroke: color(token),
            width: 2 * scale,
            dash: dash.map((length) => length * scale),
            points: {
              show: false,
              size: 5 * scale,
              fill: color(token),
              filter: (/** @type {uPlot} */ plot, /** @type {number} */ line) => alone(/** @type {any} */ (plot.data[line])),
            },
          };
        }),
      ],
    };
  }

  /** The unit of the axis, when all lines share it. */
  #unit() {
    const units = new Set(this.streams.map(({ unit }) => unit));
    return units.size === 1 ? [...units][0] : "";
  }

  #hover(/** @type {number | null} */ index) {
    if (index === this.hovered) return;
    this.hovered = index;
    this.requestUpdate();
  }

  render() {
    const index = this.hovered;
    const at = index === null ? null : (this.plot?.data[0][index] ?? null);
    return html`
      ${this.tabled
        ? html`<div class="rows chart__table" tabindex="0" role="region" aria-label=${`Values: ${this.label}`}>${this.#tableNow()}</div>`
        : html`<div class="chart__plot" role="img" aria-label=${`Line chart: ${this.label}. The table that follows has the values.`}></div>`}
      <div class="legend">
        ${this.streams.map((stream, line) => html`<span class="legend__line" data-line=${line % LINES.length} data-stale=${staleOf(stream, this.heardAt) ?? nothing}>
          <svg viewBox="0 0 14 4" aria-hidden="true"><path d="M0 2h14" /></svg>
          <span class="legend__name">${stream.label}</span> <b>${this.#legendValue(stream, line)}</b>
          ${this.streams.length > 1 ? truthMark(marksOf([stream], this.now, this.heardAt)) : nothing}
        </span>`)}
        ${at === null ? nothing : html`<span>${clockSeconds(at)}</span>`}
        <span class="legend__end">
          ${this.tabled ? html`<button class="link-button" type="button" @click=${this.#copy}>${this.copied ? "Copied" : "Copy"}</button>` : nothing}
          <button class="link-button" type="button" aria-pressed=${this.tabled} @click=${() => (this.tabled = !this.tabled)}>
            ${this.tabled ? "Chart" : "Table"}<span class="visually-hidden"> of ${this.label}</span>
          </button>
        </span>
      </div>
      ${this.tabled ? nothing : html`<div class="visually-hidden">${this.#table()}</div>`}
    `;
  }

  /** Copy all values in a form that spreadsheets accept. */
  async #copy() {
    const [times, ...columns] = this.#data();
    const lines = times.map((at, index) => [new Date(at).toISOString(), ...columns.map((values) => values[index] ?? "")].join("\t"));
    const text = [["Time", ...this.streams.map(({ label }) => label)].join("\t"), ...lines].join("\n");
    this.copied = await copy(text, this.querySelector(".chart__table"));
    setTimeout(() => (this.copied = false), COPIED);
  }

  #legendValue(/** @type {Stream} */ stream, /** @type {number} */ line) {
    const values = /** @type {(number | null | undefined)[] | undefined} */ (this.plot?.data[line + 1]);
    const newest = stream.kind === "series" ? stream.value?.at(-1)?.[1] : stream.value;
    const value = values && this.hovered !== null ? valueAt(values, this.hovered) : newest;
    return showText(value, stream.unit, this.decimals);
  }

  /** Renewed only now and then, so that it holds still for its reader. */
  #table() {
    const turn = Math.floor(this.now / TABLE_EVERY);
    if (turn !== this.table.turn) this.table = { turn, rows: this.#tableNow(TABLE_ROWS) };
    return this.table.rows;
  }

  #tableNow(most = Infinity) {
    const [times, ...columns] = this.#data();
    const from = Math.max(0, times.length - most);
    const span = times.length > 1 ? times[times.length - 1] - times[from] : 0;
    const text = (/** @type {any} */ value, /** @type {number} */ line) =>
      showText(value, this.streams[line].unit, this.decimals);
    return html`<table>
      <caption class="visually-hidden">${this.label}, the last ${duration(span / 1000)}</caption>
      <thead>
        <tr>
          <th scope="col">Time</th>
          ${this.streams.map(({ label }) => html`<th scope="col" class="numeric">${label}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${times.slice(from).map(
          (at, index) => html`<tr>
            <th scope="row">${clockSeconds(at)}</th>
            ${columns.map((values, line) => html`<td class="numeric">${values[from + index] === undefined ? "" : text(values[from + index], line)}</td>`)}
          </tr>`,
        )}
      </tbody>
    </table>`;
  }
}

customElements.define("line-chart", LineChart);
