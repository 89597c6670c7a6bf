/** Milliseconds: new messages closer together than this are announced as a number. */
const BURST_MS = 2000;

/** Announces new messages to screen readers: single ones through the log itself, many at once as a number. */
export class Announcer {
  /** @param {() => void} tell called when there is something to say */
  constructor(tell) {
    this.tell = tell;
    this.text = "";
    /** A new number for each announcement, so that the same text twice is announced twice. */
    this.turn = 0;
    /** True while the log itself must not be announced. */
    this.quiet = true;
    this.told = 0;
    this.toldAt = 0;
    this.burst = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.announcing = undefined;
  }

  /** Another log is shown; its numbers begin at 1. */
  begin() {
    this.stop();
    this.quiet = true;
    this.told = this.burst = 0;
  }

  /**
   * The log may have grown.
   * @param {import("./log.js").RoomLog} log
   * @param {number} me
   * @param {boolean} begun whether the log was already shown: history is not announced
   */
  hear(log, me, begun) {
    if (log.head <= this.told) return;
    const fresh = begun ? log.newerThan(this.told, me) : 0;
    this.told = log.head;
    if (!fresh) return;
    const now = Date.now();
    this.quiet = fresh > 1 || now - this.toldAt < BURST_MS || log.hasNewer;
    this.toldAt = now;
    if (!this.quiet) return;
    this.burst += fresh;
    clearTimeout(this.announcing);
    this.announcing = setTimeout(() => {
      this.text = `${this.burst} new message${this.burst > 1 ? "s" : ""}`;
      this.turn += 1;
      this.burst = 0;
      this.quiet = false;
      this.tell();
    }, BURST_MS);
  }

  stop() {
    clearTimeout(this.announcing);
  }
}
