/** A table whose changed cells carry a mark for a while. Nothing flashes. */
import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { showText } from "web/format.js";
import { columnsThatFit } from "../fit.js";
import { letters } from "./length.js";
import { arrow } from "./number.js";
import { orderOf } from "./order.js";

/**
 * @typedef {import("../state/board-state.js").Stream} Stream
 * @typedef {import("../state/board-state.js").Widget} Widget
 * @typedef {{key: string, label?: string, unit?: string, decimals?: number | null, change?: boolean}} Column
 */

/** Milliseconds for which a changed cell is marked. */
export const MARKED = 2500;
/** How many rows are measured to find the columns' widths. */
const SAMPLE = 30;

/**
 * The columns that a table shows: those of the options, or all that the rows have.
 * @param {Widget} widget
 * @param {Stream} stream
 * @returns {Column[]}
 */
export function columnsOf({ options }, { value }) {
  if (options.columns?.length) return options.columns;
  const keys = new Set(Object.values(value ?? {}).flatMap((row) => Object.keys(/** @type {object} */ (row))));
  keys.delete("decimals"); // a field that says how to show the others
  return [...keys].map((key) => ({ key }));
}

/**
 * What kind of mark a cell carries at `now` (this machine's clock): "up", "down", "other" or "".
 * @param {Stream} stream
 * @param {string} row
 * @param {string} column
 * @param {number} now
 */
export function markOf({ marks }, row, column, now) {
  const mark = marks.get(row)?.get(column);
  if (!mark || now - mark.at >= MARKED) return "";
  return mark.up === null ? "other" : mark.up ? "up" : "down";
}

/**
 * @param {Widget} widget
 * @param {Stream[]} streams
 * @param {number} now this machine's clock, for the marks
 * @param {string[] | null} held the order to keep, while somebody looks closely
 * @param {import("../fit.js").Space | null} space the wall's; since nobody scrolls there, columns that do not fit are
 * counted
 */
export function tableTile(widget, [stream], now, held, space) {
  const all = columnsOf(widget, stream);
  const columns = space ? all.slice(0, columnsThatFit(widthsOf(all, stream), widget.width, space)) : all;
  const known = /** @type {Record<string, any>} */ (stream.value ?? {});
  const rows = orderOf(known, widget.options.sort, held).map((key) => /** @type {[string, any]} */ ([key, known[key]]));
  const numeric = columns.map(({ key }) => rows.some(([, row]) => typeof row[key] === "number"));
  return html`<div class="rows" tabindex="0" role="region" aria-label=${widget.title || stream.label}>
    <table>
      <thead>
        <tr>
          <th scope="col">${widget.options.key || "Key"}</th>
          ${columns.map(
            (column, index) => html`<th scope="col" class=${numeric[index] ? "numeric" : ""}>${column.label || column.key}</th>`,
          )}
          ${columns.length < all.length ? html`<th scope="col">+${all.length - columns.length}</th>` : nothing}
        </tr>
      </thead>
      <tbody>
        ${repeat(
          rows,
          ([key]) => key,
          ([key, row]) => html`<tr data-key=${key}>
            <th scope="row">${key}</th>
            ${columns.map(
              (column, index) => html`<td class=${numeric[index] ? "numeric" : ""} data-mark=${markOf(stream, key, column.key, now)}>
                ${cell(row, column)}
              </td>`,
            )}
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** How many letters the widest cell of each column has, among the first rows. @param {Column[]} columns @param {Stream} stream */
function widthsOf(columns, { value }) {
  const rows = Object.values(value ?? {}).slice(0, SAMPLE);
  return columns.map(({ key, label, unit, decimals, change }) => {
    const texts = rows.map((row) => showText(row[key], unit, decimals ?? (Number.isInteger(row.decimals) ? row.decimals : null)));
    return Math.max(letters(label || key), ...texts.map((text) => letters(text) + (change ? 2 : 0)));
  });
}

/** @param {Record<string, any>} row @param {Column} column */
function cell(row, { key, unit, decimals, change }) {
  const value = row[key];
  // A row may say with how many decimals its numbers are quoted.
  const digits = decimals ?? (Number.isInteger(row.decimals) ? row.decimals : null);
  if (!change || typeof value !== "number") return showText(value, unit, digits);
  const direction = value === 0 ? "flat" : value > 0 ? "up" : "down";
  return html`<span class="change" data-good=${{ up: "good", down: "bad", flat: "" }[direction]}
    >${arrow(direction)} ${showText(Math.abs(value), unit, digits)}</span
  >`;
}
