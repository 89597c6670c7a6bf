/** Several numbers as a list, or the best rows of a table. */
import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { showText } from "web/format.js";
import { levelOf } from "../state/levels.js";
import { LEVEL_WORDS, readStatus } from "../state/signs.js";
import { marksOf, truthOf } from "../state/age-and-state.js";
import { orderOf } from "./order.js";
import { sign } from "./status.js";
import { columnsOf } from "./table.js";
import { truthMark } from "./truth-mark.js";

/**
 * @typedef {import("../state/board-state.js").Stream} Stream
 * @typedef {import("../state/board-state.js").Widget} Widget
 * @typedef {{key: string, name: string, text: string, level: import("../state/signs.js").Level | null, part: number, stale: boolean, truth: import("../state/age-and-state.js").Truth,
 *   marks: import("../state/age-and-state.js").Note[]}} Item
 *   part: share of the largest, 0 to 1, for the bar behind it; stale: not to be trusted (a table's rows are as stale
 * as their tile)
 */

/**
 * @param {Widget} widget
 * @param {Stream[]} streams
 * @param {number} now the server's time
 * @param {string[] | null} held the order to keep
 * @param {number} heardAt the time up to which the screen knows
 * @returns {Item[]}
 */
export function itemsOf(widget, streams, now, held = null, heardAt = now) {
  const table = streams.length === 1 && streams[0].kind === "table" ? streams[0] : null;
  return table ? itemsOfTable(widget, table, held) : streams.map((stream) => itemOfStream(widget, stream, now, heardAt));
}

/** @param {Widget} widget @param {Stream} stream @param {number} now @param {number} heardAt @returns {Item} */
function itemOfStream({ options }, stream, now, heardAt) {
  const truth = truthOf(stream, heardAt);
  const base = { key: stream.slug, name: stream.label, part: 0, stale: truth !== "fresh", truth, marks: marksOf([stream], now, heardAt) };
  if (stream.kind === "status") return { ...base, ...readStatus(stream.value) };
  return {
    ...base,
    text: showText(stream.value, stream.unit, options.decimals ?? null, options.compact),
    level: levelOf(stream.value, options),
  };
}

/** @param {Widget} widget @param {Stream} stream @param {string[] | null} held @returns {Item[]} */
function itemsOfTable(widget, stream, held) {
  const { options } = widget;
  const rows = /** @type {Record<string, any>} */ (stream.value ?? {});
  const columns = columnsOf(widget, stream);
  const wanted = options.sort?.replace(/^-/, "");
  const column =
    columns.find(({ key }) => key === wanted) ??
    columns.find(({ key }) => Object.values(rows).some((row) => typeof row[key] === "number")) ??
    columns[0];
  if (!column) return [];
  const keys = orderOf(rows, options.sort || `-${column.key}`, held).slice(0, options.rows ?? 10);
  const most = Math.max(0, ...keys.map((key) => Math.abs(Number(rows[key][column.key]) || 0)));
  return keys.map((key) => {
    const value = rows[key][column.key];
    const decimals = column.decimals ?? options.decimals ?? (Number.isInteger(rows[key].decimals) ? rows[key].decimals : null);
    return {
      key,
      name: key,
      text: showText(value, column.unit || stream.unit, decimals, options.compact),
      level: levelOf(value, options),
      part: most && typeof value === "number" ? Math.abs(value) / most : 0,
      stale: false,
      truth: "fresh",
      marks: [],
    };
  });
}

/**
 * @param {Widget} widget
 * @param {Stream[]} streams
 * @param {{shownAt: () => number, heardAt: () => number}} screen
 * @param {string[] | null} held
 */
export function listTile(widget, streams, screen, held) {
  const items = itemsOf(widget, streams, screen.shownAt(), held, screen.heardAt());
  return html`<ol class="list" tabindex="0" aria-label=${widget.title || streams[0].label}>
    ${repeat(
      items,
      ({ key }) => key,
      ({ key, name, text, level, part, stale, truth, marks }) => html`<li data-key=${key} data-stale=${stale ? truth : nothing}>
        ${part ? html`<svg class="list__bar" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true"><rect width=${100 * part} height="1" /></svg>` : nothing}
        <span class="list__name" data-level=${level ?? nothing}>${level ? sign(level, false) : nothing} ${name}</span>
        ${streams.length > 1 ? truthMark(marks) : nothing}
        <span class="list__value">${text}${level ? html`<span class="visually-hidden">, ${LEVEL_WORDS[level]}</span>` : nothing}</span>
      </li>`,
    )}
  </ol>`;
}
