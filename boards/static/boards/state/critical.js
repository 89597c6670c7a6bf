/** Which streams of a board are critical: a status with that level, or a number beyond a tile's limit. Pure. */
import { levelOf } from "./levels.js";
import { readStatus } from "./signs.js";
import { truthOf } from "./age-and-state.js";

/**
 * @param {import("./board-state.js").BoardState} state
 * @param {number} heardAt the server's time up to which the screen knows
 * @returns {Map<string, boolean>} by slug; without streams that are old, failing or empty, whose present state is
 * unknown
 */
export function criticalOf({ board, streams }, heardAt) {
  /** @type {Map<string, boolean>} */
  const known = new Map();
  for (const { streams: slugs, options } of board?.widgets ?? []) {
    for (const slug of slugs) {
      const stream = streams.get(slug);
      if (!stream || truthOf(stream, heardAt) !== "fresh") continue;
      const critical =
        stream.kind === "status" ? readStatus(stream.value).level === "crit" : stream.kind === "number" && levelOf(stream.value, options) === "crit";
      known.set(slug, critical || known.get(slug) === true);
    }
  }
  return known;
}
