/** The time in the tile's time zone, else in the page's, which is the board's. */
import { html, nothing } from "lit";
import { formatOf, pageZone, placeOf } from "web/time.js";
import { letters } from "./length.js";

/**
 * @param {number} now the server's time
 * @param {string} zone a name such as "Europe/Oslo"; "" is the screen's own
 * @returns {{time: string, seconds: string, day: string, place: string}} `seconds` with "PM" where that is usual
 */
export function readClock(now, zone) {
  const text = formatOf("seconds", zone).format(now);
  const [, time, seconds] = /^(.*)\D(\d\d(?:\s.*)?)$/u.exec(text) ?? ["", text, ""];
  return { time, seconds, day: formatOf("day", zone).format(now), place: placeOf(zone) };
}

/** @param {import("../state/board-state.js").Widget} widget @param {number} now */
export function clockTile({ options }, now) {
  const { time, seconds } = readClock(now, options.zone || pageZone);
  return html`<p class="figure clock" data-length="short" data-letters=${letters(time, seconds)}><time>${time}<span class="clock__seconds">${seconds}</span></time></p>`;
}

/** The day, and the name of the place. @param {import("../state/board-state.js").Widget} widget @param {number} now */
export function clockFoot({ options, title }, now) {
  const { day, place } = readClock(now, options.zone || pageZone);
  const isTold = !place || place === title;
  return html`<p class="tile__foot clock__foot"><span>${isTold ? nothing : place}<span class="clock__day">${isTold ? nothing : " · "}${day}</span></span></p>`;
}
