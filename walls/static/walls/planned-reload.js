/** When a wall loads a new build: at a quiet moment, but not never. No DOM. */

/** Seconds that it waits for a quiet moment at most. */
const QUIET = 600;

export class PlannedReload {
  constructor() {
    /** Between which times it happens, unix milliseconds. @type {{from: number, until: number} | null} */
    this.planned = null;
  }

  /** Plan one for `seconds` from now. One that is planned already stays. */
  plan(/** @type {number} */ now, /** @type {number} */ seconds) {
    const from = now + seconds * 1000;
    this.planned ??= { from, until: from + QUIET * 1000 };
  }

  /** Whether it is time to reload. It is once. @param {number} now @param {boolean} isQuiet */
  isDue(now, isQuiet) {
    if (!this.planned || now < this.planned.from || (!isQuiet && now < this.planned.until)) return false;
    this.planned = null;
    return true;
  }
}
