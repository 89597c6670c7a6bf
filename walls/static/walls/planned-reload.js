/** When a wall reloads for a new build: at a quiet moment, or after QUIET seconds at the latest. No DOM. */

/** The most seconds to wait for a quiet moment. */
const QUIET = 600;

export class PlannedReload {
  constructor() {
    /** The reload happens between these times, unix milliseconds. @type {{from: number, until: number} | null} */
    this.planned = null;
  }

  /** Plan a reload for `seconds` from now, unless one is planned already. */
  plan(/** @type {number} */ now, /** @type {number} */ seconds) {
    const from = now + seconds * 1000;
    this.planned ??= { from, until: from + QUIET * 1000 };
  }

  /** Whether to reload now. True only once. @param {number} now @param {boolean} isQuiet */
  isDue(now, isQuiet) {
    if (!this.planned || now < this.planned.from || (!isQuiet && now < this.planned.until)) return false;
    this.planned = null;
    return true;
  }
}
