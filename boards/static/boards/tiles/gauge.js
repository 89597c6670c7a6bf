/** A number on a half ring that runs from the least to the greatest value. */
import { html, nothing, svg } from "lit";
import { show, showText } from "web/format.js";
import { levelOf } from "../state/levels.js";
import { LEVEL_WORDS } from "../state/signs.js";
import { figure, levelText } from "./number.js";

/**
 * @typedef {import("../state/board-state.js").Stream} Stream
 * @typedef {import("../state/board-state.js").Widget} Widget
 */

/**
 * The ends of the scale: as asked for; else 0 to 100 for a percentage; else wide enough for the limits and the value.
 * @param {Record<string, any>} options
 * @param {Stream} stream
 * @returns {[number, number]}
 */
export function scaleOf({ min, max, warn, crit, target }, { unit, value, history }) {
  const seen = [value, warn, crit, target, ...history.map(([, each]) => each)].filter((each) => typeof each === "number");
  const low = min ?? Math.min(0, ...seen);
  const high = max ?? (unit === "%" ? 100 : round(Math.max(1, ...seen)));
  return high > low ? [low, high] : [low, low + 1];
}

/** The next of 1, 2, 5 times a power of ten. */
function round(/** @type {number} */ value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return (/** @type {number} */ ([1, 2, 5, 10].find((step) => step * power >= value))) * power;
}

/** How far along the scale a value is, 0 to 1. */
export const share = (/** @type {number} */ value, /** @type {[number, number]} */ [low, high]) =>
  Math.min(1, Math.max(0, (value - low) / (high - low)));

/** The point at a share (0 to 1) of the half ring, with this radius around (60, 60). */
function pointAt(/** @type {number} */ part, /** @type {number} */ radius) {
  const angle = Math.PI * (1 - part);
  return `${(60 + radius * Math.cos(angle)).toFixed(2)} ${(60 - radius * Math.sin(angle)).toFixed(2)}`;
}

/** Where there is no room for the ring, the style sheet shows the number with a bar. @param {Widget} widget @param {Stream[]} streams @param {import("../fit.js").Space | null} space the wall's */
export function gaugeTile(widget, [stream], space) {
  const { options } = widget;
  const { value, unit } = stream;
  const scale = scaleOf(options, stream);
  const text = (/** @type {unknown} */ each) => showText(each, unit, options.decimals ?? null, options.compact);
  const { before, number, after } = show(value, unit, options.decimals ?? null, options.compact);
  const level = levelOf(value, options);
  const part = typeof value === "number" ? share(value, scale) : 0;
  const label = `${text(value)}${level ? `, ${LEVEL_WORDS[level]}` : ""}, on a scale from ${text(scale[0])} to ${text(scale[1])}`;
  const marks = [options.warn, options.crit, options.target].filter((each) => typeof each === "number");
  const isLong = (before + number + after).length > 7;
  return html`<div class="gauge" data-level=${level ?? nothing} data-length=${isLong ? "long" : nothing}>
    ${space
      ? html`<div class="gauge__small" aria-hidden="true">
          ${figure(widget, stream, space)}
          <svg class="gauge__bar" viewBox="0 0 100 1" preserveAspectRatio="none"><path d="M0 0h100v1H0z" /><path class="gauge__part" d=${`M0 0h${100 * part}v1H0z`} /></svg>
        </div>`
      : nothing}
    <svg class="gauge__dial" viewBox="0 0 120 68" role="img" aria-label=${label}>
      <path class="gauge__ring" d="M12 60A48 48 0 0 1 108 60" />
      ${part > 0 ? svg`<path class="gauge__value" d=${`M12 60A48 48 0 0 1 ${pointAt(part, 48)}`} />` : nothing}
      ${marks.map((each) => svg`<path class="gauge__mark" d=${`M${pointAt(share(each, scale), 41)}L${pointAt(share(each, scale), 55)}`} />`)}
      <text x="60" y="58" class="gauge__number" data-length=${isLong ? "long" : nothing}>
        ${before}${before ? " " : ""}${number}${after ? svg`<tspan class="gauge__unit"> ${after}</tspan>` : nothing}
      </text>
    </svg>
    <p class="gauge__ends" aria-hidden="true"><span>${text(scale[0])}</span>${levelText(stream, options)}<span>${text(scale[1])}</span></p>
  </div>`;
}
