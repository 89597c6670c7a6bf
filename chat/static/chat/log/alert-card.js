/** The card of an alert: its state as colour, sign and word; its value and chart; who takes care of it. */
import { html, nothing, svg } from "lit";
import { showText } from "web/format.js";
import { pathOf, runsOf } from "web/runs.js";
import { age, clockTime, dayLabel, wholeTime } from "web/time.js";

/**
 * @typedef {import("realtime/people.js").User} User
 * @typedef {{state: "firing" | "acknowledged" | "resolved", severity: "crit" | "warn" | "info", title: string,
 *   condition: string, when: string | null, hold: number | null, value: number | string | null, unit: string, shown: string,
 *   limit: number | null, since: string, fired_at: string,
 *   until: string | null, withdrawn: boolean, acknowledged: {user: User, at: string} | null,
 *   board: {slug: string, title: string} | null, points: [number, number][], gap?: number, version: number,
 *   streams?: {title: string, since: string, until: string | null}[]}} Alert
 *   streams: those that fell silent together, missing for a single one; gap: seconds without a point after which the
 *   chart breaks, missing in old cards
 */

const SIGNS = { crit: "■", warn: "▲", info: "◆" };
const SEVERITIES = { crit: "Critical", warn: "Warning", info: "Note" };
const WIDTH = 240;
const HEIGHT = 40;

/** The state of an alert: its sign, and in words. @param {Alert} alert */
export function standing({ state, severity, withdrawn, since, until }) {
  if (withdrawn) return { sign: "○", words: "No longer watched" };
  if (state === "resolved") {
    const lasted = age(Date.parse(until ?? since) - Date.parse(since));
    return { sign: "●", words: `Resolved after ${lasted}` };
  }
  return { sign: SIGNS[severity], words: `${SEVERITIES[severity]} · ${state}` };
}

/** A number in the reader's language, a status in words. @param {Alert} alert */
export const valueText = ({ value, unit, shown }) => (typeof value === "number" ? showText(value, unit) : shown);

/** The rule's condition, with the limit formatted for the reader; without a limit, the server's text. @param {Alert} alert */
export function conditionText({ condition, when, limit, unit, hold }) {
  if (typeof limit !== "number" || !when) return condition;
  return `${when} ${showText(limit, unit)}${hold ? ` for ${showText(hold, "s")}` : ""}`;
}

/**
 * The chart's line as an SVG path, and the height of the limit, in a box of 240 by 40.
 * @param {[number, number][]} points unix milliseconds, value
 * @param {number | null} limit
 * @param {number} [gap] seconds without a point after which the line breaks
 * @returns {{line: string, limit: number | null} | null} null: too little to draw
 */
export function chart(points, limit, gap = Infinity) {
  if (points.length < 2) return null;
  const values = points.map(([, value]) => value);
  const all = limit === null ? values : [...values, limit];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const [begin, end] = [points[0][0], points[points.length - 1][0]];
  const x = (/** @type {number} */ at) => ((at - begin) / (end - begin || 1)) * WIDTH;
  // A margin of two units, so that the line's whole width shows at the edges.
  const y = (/** @type {number} */ value) => HEIGHT - 2 - ((value - low) / (high - low || 1)) * (HEIGHT - 4);
  return { line: pathOf(runsOf(points, gap * 1000), x, y), limit: limit === null ? null : round(y(limit)) };
}

const round = (/** @type {number} */ number) => Math.round(number * 10) / 10;

/** The address of the board as it was when the alert fired; boards rewind to whole seconds, so round up. @param {Alert} alert */
export function boardLink({ board, fired_at: at }) {
  const second = new Date(Math.ceil(Date.parse(at) / 1000) * 1000).toISOString();
  return board ? `/boards/${encodeURIComponent(board.slug)}/?at=${encodeURIComponent(second)}` : "";
}

/** "14:02", with the day in front when it is not today. */
function moment(/** @type {string} */ at) {
  const day = dayLabel(at);
  const text = day === "Today" ? clockTime(at) : `${day}, ${clockTime(at)}`;
  return html`<time datetime=${at} title=${wholeTime(at)}>${text}</time>`;
}

/**
 * @param {Alert} alert
 * @param {{me: User, canWrite: boolean, acknowledge: () => void}} view
 */
export function alertCard(alert, { me, canWrite, acknowledge }) {
  const { sign, words } = standing(alert);
  const by = alert.acknowledged;
  const press = (/** @type {Event} */ event) => {
    // The button disappears after its use; keep the keyboard focus on the card.
    /** @type {HTMLElement} */ (event.currentTarget).closest(/** @type {"article"} */ (".message"))?.focus({ preventScroll: true });
    acknowledge();
  };
  return html`<div class="alert" data-state=${alert.withdrawn ? "withdrawn" : alert.state} data-severity=${alert.severity}>
    <div class="alert__head">
      <span class="alert__standing"><span class="alert__sign" aria-hidden="true">${sign}</span>${words}</span>
      <span class="alert__since">since ${moment(alert.since)}</span>
    </div>
    <div class="alert__main">
      <div class="alert__what">
        <b class="alert__title">${alert.title}</b>
        <span class="alert__condition">${conditionText(alert)}</span>
      </div>
      ${alert.value === null ? nothing : value(alert)}
    </div>
    ${picture(alert)} ${alert.streams ? silent(alert.streams) : nothing}
    ${by
      ? html`<p class="alert__who">
          Acknowledged by <b>${by.user.id === me.id ? "you" : by.user.name}</b>, ${moment(by.at)}
        </p>`
      : nothing}
    <div class="alert__foot">
      ${alert.state === "firing" && canWrite
        ? html`<button class="button" type="button" @click=${press}>Acknowledge</button>`
        : nothing}
      ${alert.board
        ? html`<a class="link-inline" href=${boardLink(alert)}>${alert.board.title} at that moment</a>`
        : nothing}
    </div>
  </div>`;
}

/** The value; a silent stream has none now, so it is labelled as the last one. @param {Alert} alert */
const value = (alert) =>
  (alert.when ?? "silent") === "silent" && alert.limit === null
    ? html`<span class="alert__condition">last ${valueText(alert)}</span>`
    : html`<span class="alert__value">${valueText(alert)}</span>`;

/** The streams of an outage: since when each is silent, and whether it still is. @param {NonNullable<Alert["streams"]>} streams */
const silent = (streams) =>
  html`<ul class="alert__streams">
    ${streams.map(({ title, since, until }) => html`<li><b>${title}</b> ${until ? html`back at ${moment(until)}` : html`silent since ${moment(since)}`}</li>`)}
  </ul>`;

/** @param {Alert} alert */
function picture({ points, limit, gap }) {
  const drawn = chart(points, limit, gap);
  if (!drawn) return nothing;
  return html`<svg class="alert__chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true">
    ${drawn.limit === null
      ? nothing
      : svg`<line class="alert__limit" x1="0" x2=${WIDTH} y1=${drawn.limit} y2=${drawn.limit} />`}
    ${svg`<path class="alert__line" d=${drawn.line} />`}
  </svg>`;
}
