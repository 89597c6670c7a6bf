/** What time it is on the server, told by the times its events carry. */
export class ServerClock {
  /** @param {{local?: () => number, steady?: () => number}} [clocks] milliseconds; `steady` never jumps */
  constructor({ local = () => Date.now(), steady = () => performance.now() } = {}) {
    this.local = local;
    this.steady = steady;
    /** @type {number | null} server time minus steady time, milliseconds */
    this.offset = null;
  }

  /** Take in the server's `now` (RFC 3339). The least delayed one counts, until the clocks part by more than 2 s. */
  observe(/** @type {string} */ now) {
    const offset = Date.parse(now) - this.steady();
    if (Number.isNaN(offset)) return;
    if (this.offset === null || offset > this.offset || this.offset - offset > 2000) this.offset = offset;
  }

  /** The server's time in unix milliseconds; this machine's while the server has said nothing. */
  now() {
    return this.offset === null ? this.local() : this.steady() + this.offset;
  }
}
