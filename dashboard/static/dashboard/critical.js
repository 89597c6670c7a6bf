/** Whether a board is critical: a status that says so, or a number beyond its limit. Pure. */
import { levelOf } from "./levels.js";
import { readStatus } from "./signs.js";

/** @param {import("./board-state.js").BoardState} state */
export function isCritical({ board, streams }) {
  return (board?.widgets ?? []).some(({ streams: slugs, options }) =>
    slugs.some((slug) => {
      const stream = streams.get(slug);
      if (stream?.kind === "status") return stream.value !== null && readStatus(stream.value).level === "crit";
      return stream?.kind === "number" && levelOf(stream.value, options) === "crit";
    }),
  );
}
