/**
 * Chart lines with gaps: nothing is drawn where nothing was measured. No DOM.
 *
 * @typedef {[number, any]} Point unix milliseconds, value
 */

/**
 * Split a history into runs. Each run is drawn as one line.
 * @param {Point[]} points oldest first; a value that is not a number counts as not measured
 * @param {number} [gap] milliseconds without a value after which a run ends
 * @returns {[number, number][][]}
 */
export function runsOf(points, gap = Infinity) {
  /** @type {[number, number][][]} */
  const runs = [];
  let last = -Infinity;
  for (const [at, value] of points) {
    const measured = typeof value === "number";
    if (measured && (last === -Infinity || at - last > gap)) runs.push([]);
    if (measured) runs[runs.length - 1].push([at, value]);
    last = measured ? at : -Infinity;
  }
  return runs;
}

/**
 * An SVG path that draws `runs`. A single value becomes a dot (with round line ends).
 * @param {[number, number][][]} runs
 * @param {(at: number) => number} x
 * @param {(value: number) => number} y
 */
export function pathOf(runs, x, y) {
  const places = (/** @type {[number, number][]} */ run) => run.map(([at, value]) => `${round(x(at))} ${round(y(value))}`);
  return runs.map((run) => `M${places(run).join("L")}${run.length > 1 ? "" : "h0"}`).join("");
}

const round = (/** @type {number} */ number) => Math.round(number * 10) / 10;
