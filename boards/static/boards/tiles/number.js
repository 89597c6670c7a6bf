/** A number with its change, target and a sparkline. */
import { html, nothing, svg } from "lit";
import { show, showDifference, showText } from "web/format.js";
import { fitsAcross } from "../fit.js";
import { levelOf, whyLevel } from "../state/levels.js";
import { change, sparkline } from "../state/line-data.js";
import { LEVEL_WORDS } from "../state/signs.js";
import { duration } from "../state/age-and-state.js";
import { length, letters } from "./length.js";
import { sign } from "./status.js";

/**
 * @typedef {import("../state/board-state.js").Stream} Stream
 * @typedef {import("../state/board-state.js").Widget} Widget
 * @typedef {import("../fit.js").Space} Space
 */

/** @param {Widget} widget @param {Stream[]} streams @param {Space | null} space the wall's */
export function numberTile(widget, [stream], space) {
  return html`${figure(widget, stream, space)} ${widget.options.hero ? spark(stream) : nothing}`;
}

/** A number in large type; shorter (1.2 M) where a wall has no room for it. @param {Widget} widget @param {Stream} stream @param {Space | null} space */
export function figure({ options, width }, { value, unit }, space) {
  const say = (/** @type {boolean} */ compact) => show(value, unit, options.decimals ?? null, compact);
  const wide = (/** @type {import("web/format.js").Shown} */ { before, number, after }) => letters(before + number, after);
  const whole = say(options.compact);
  const { before, number, after } = !space || fitsAcross(wide(whole), width, space) ? whole : say(true);
  return html`<p
    class="figure"
    data-length=${length(before + number, after)}
    data-letters=${wide({ before, number, after })}
    data-level=${levelOf(value, options) ?? nothing}
  >
    ${before ? html`<span class="figure__before">${before}</span>` : nothing}<span class="figure__digits">${number}</span
    >${after ? html`<span class="figure__after">${after}</span>` : nothing}
  </p>`;
}

/** What stands under the number: status, target, note and change (where there is no room, the last ones go), and the course of the value. @param {Widget} widget @param {Stream[]} streams */
export function numberFoot({ options }, [stream]) {
  const moved = change(stream.history);
  // Show the time span of the change only when nothing more important needs the room.
  const full = levelOf(stream.value, options) !== null || typeof options.target === "number" || Boolean(options.note);
  return html`<div class="tile__foot tile__foot--number">
    <p>
      ${levelText(stream, options)}${target(stream, options)}${options.note ? html`<span class="foot__note">${options.note}</span>` : nothing}${moved
        ? changeText(moved, stream, options, full)
        : nothing}
    </p>
    ${options.hero ? nothing : spark(stream)}
  </div>`;
}

/** @param {Stream} stream @param {Record<string, any>} options */
export function levelText({ value, unit }, options) {
  const level = levelOf(value, options);
  if (!level) return nothing;
  const why = whyLevel(level, options, unit, options.decimals ?? null);
  return html`<span class="level" data-level=${level} title=${why}
    >${sign(level, false)} ${LEVEL_WORDS[level]}${why ? html`<span class="visually-hidden">: ${why}</span>` : nothing}</span
  > `;
}

/** @param {Stream} stream @param {Record<string, any>} options */
function target({ value, unit }, options) {
  if (typeof options.target !== "number") return nothing;
  const text = showText(options.target, unit, options.decimals ?? null, options.compact);
  const share = typeof value === "number" && options.target ? `${showText((100 * value) / options.target, "%", 0)} of ` : "target ";
  return html`<span class="foot__note foot__note--target">${share}${text}</span>`;
}

/**
 * @param {{difference: number, milliseconds: number}} moved
 * @param {Stream} stream
 * @param {Record<string, any>} options
 * @param {boolean} brief
 */
function changeText({ difference, milliseconds }, { unit }, { decimals, better, compact }, brief) {
  const shown = showDifference(difference, unit, decimals ?? null, compact);
  const flat = !/[1-9]/.test(shown);
  const direction = flat ? "flat" : difference > 0 ? "up" : "down";
  const good = !better || flat ? "" : better === direction ? "good" : "bad";
  const since = `in ${duration(milliseconds / 1000)}`;
  return html`<span class="change" data-good=${good} title=${since}>${arrow(direction)} ${shown}</span
    ><span class=${brief ? "visually-hidden" : "change__since"}>${since}</span>`;
}

/** @param {"up" | "down" | "flat"} direction */
export function arrow(direction) {
  const shape = { up: "▲", down: "▼", flat: "–" }[direction];
  const word = { up: "up", down: "down", flat: "unchanged" }[direction];
  return html`<span class="arrow" aria-hidden="true">${shape}</span><span class="visually-hidden">${word}</span>`;
}

/** @param {Stream} stream */
export function spark({ history, gap }) {
  const path = sparkline(history, 100, 28, 120, gap);
  return path
    ? html`<svg class="spark" viewBox="0 0 100 28" preserveAspectRatio="none" aria-hidden="true">
        ${svg`<path d=${path} vector-effect="non-scaling-stroke" />`}
      </svg>`
    : nothing;
}
