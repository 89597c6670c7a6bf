/** A chart of one or more streams over time. */
import { html } from "lit";
import "../line-chart.js";

/**
 * @param {import("../state/board-state.js").Widget} widget
 * @param {import("../state/board-state.js").Stream[]} streams
 * @param {number} now the server's time
 * @param {number} heardAt the time up to which the screen knows
 */
export function lineTile(widget, streams, now, heardAt) {
  return html`<line-chart
    .streams=${streams}
    .range=${{ min: widget.options.min ?? null, max: widget.options.max ?? null }}
    .label=${widget.title || streams.map(({ label }) => label).join(", ")}
    .decimals=${widget.options.decimals ?? null}
    .now=${now}
    .heardAt=${heardAt}
    .span=${widget.options.range ?? null}
  ></line-chart>`;
}
