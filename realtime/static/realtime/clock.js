/** The server's time, known from the times that its events carry. */
export class ServerClock {
  /** @param {{local?: () => number, steady?: () => number}} [clocks] milliseconds; `steady` never jumps */
  constructor({ local = () => Date.now(), steady = () => performance.now() } = {}) {
    this.local = local;
    this.steady = steady;
    /** @type {number | null} server time minus steady time, milliseconds */
    this.offset = null;
  }

  /**
   * Take the server's `now` (RFC 3339). The least delayed one counts, until it differs from the clock by more than 2
   * s.
   */
  observe(/** @type {string} */ now) {
    const offset = Date.parse(now) - this.steady();
    if (Number.isNaN(offset)) return;
    if (this.offset === null || offset > this.offset || this.offset - offset > 2000) this.offset = offset;
  }

  /** The server's time in unix milliseconds; this machine's time until the server has sent one. */
  now() {
    return this.offset === null ? this.local() : this.steady() + this.offset;
  }
}
