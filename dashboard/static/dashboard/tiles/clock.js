/** The time at some place: the tile's time zone, else the board's, else where the screen is. */
import { html, nothing } from "lit";
import { LOCALE } from "realtime/time.js";

/** @type {Map<string, {time: Intl.DateTimeFormat, day: Intl.DateTimeFormat}>} */
const formats = new Map();

function formatsOf(/** @type {string} */ timeZone) {
  let found = formats.get(timeZone);
  if (!found) {
    const zone = timeZone ? { timeZone } : {};
    found = {
      time: new Intl.DateTimeFormat(LOCALE, { timeStyle: "medium", hourCycle: "h23", ...zone }),
      day: new Intl.DateTimeFormat(LOCALE, { weekday: "long", day: "numeric", month: "long", ...zone }),
    };
    formats.set(timeZone, found);
  }
  return found;
}

/**
 * @param {number} now the server's time
 * @param {string} zone a name such as "Europe/Oslo"; "" is the screen's own
 * @returns {{time: string, seconds: string, day: string, place: string}}
 */
export function readClock(now, zone) {
  const { time, day } = formatsOf(zone);
  const [, hours, seconds] = /^(.*)\D(\d\d)$/.exec(time.format(now)) ?? ["", time.format(now), ""];
  return { time: hours, seconds, day: day.format(now), place: zone.split("/").at(-1)?.replaceAll("_", " ") ?? "" };
}

/** @param {import("../board-state.js").Widget} widget @param {number} now @param {string} boardZone */
export function clockTile({ options, title }, now, boardZone) {
  const { time, seconds, day, place } = readClock(now, options.zone || boardZone);
  return html`<p class="figure clock" data-length="short"><time>${time}<span class="clock__seconds">${seconds}</span></time></p>
    <p class="tile__foot">${day}${place && place !== title ? html` · ${place}` : nothing}</p>`;
}
