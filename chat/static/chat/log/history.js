import { quoteOf } from "./log.js";

/**
 * @typedef {import("./log.js").Page} Page
 * @typedef {import("./log.js").Quote} Quote
 * @typedef {{before?: number, after_seq?: number, around?: number, limit?: number}} From  none of the first three: the newest
 * @typedef {(room: string, from: From) => Promise<Page>} Read  read a page of a room's log, over HTTP
 */

const PAGE = 50;
/** So many messages are kept at most; those far from where the reader reads go. */
const MOST = 600;
/** A page that came too late is asked for again so often. */
const TRIES = 4;

/** Brings parts of a room into its log that were said before one came. `tell` is called after each change. */
export class History {
  /** @param {{log: import("./log.js").RoomLog, read: (from: From) => Promise<Page>, tell: () => void}} world */
  constructor({ log, read, tell }) {
    this.log = log;
    this.read = read;
    this.tell = tell;
    /** @type {Set<"older" | "newer" | "jump">} what is being read */
    this.loading = new Set();
    /** How often the reader has gone elsewhere: what an earlier wish brings is dropped. */
    this.jumps = 0;
    /** @type {Map<number, Quote | null>} what unsent answers quote that the log does not know; null: it was asked for */
    this.quotes = new Map();
  }

  /** Read a page of older messages. Resolves when it is there or not wanted any more, throws when it cannot be read. */
  async loadOlder() {
    await this.#extend("older", () => (this.log.hasOlder ? { before: this.log.oldest?.seq } : null));
  }

  /** Read a page of newer messages, where the log does not reach up to now. As `loadOlder`. */
  async loadNewer() {
    await this.#extend("newer", () => (this.log.hasNewer ? { after_seq: this.log.newest?.seq } : null));
  }

  /** Have the log show message `seq` with what is around it. Throws when that cannot be read. */
  async goTo(/** @type {number} */ seq) {
    const jump = ++this.jumps;
    if (!this.log.at(seq)) await this.#replace(jump, { around: seq }, seq);
  }

  /** Have the log reach up to now. Throws when that cannot be read. */
  async goToNow() {
    const jump = ++this.jumps;
    if (this.log.hasNewer) await this.#replace(jump, {}, Infinity);
  }

  /**
   * What an unsent answer to `seq` quotes; undefined until it is known.
   * @returns {Quote | undefined}
   */
  quote(/** @type {number} */ seq) {
    const known = this.log.known(seq);
    if (known) return quoteOf(known);
    if (!this.quotes.has(seq)) {
      this.quotes.set(seq, null);
      this.read({ around: seq, limit: 1 }).then(
        ({ messages: [message] }) => {
          if (message) this.quotes.set(seq, quoteOf(message));
          this.tell();
        },
        () => {}, // asked again with the next connection, not with each drawing of the page
      );
    }
    return this.quotes.get(seq) ?? undefined;
  }

  /** A new connection: what could not be read may be asked for again. */
  retryQuotes() {
    for (const [seq, quote] of this.quotes) if (!quote) this.quotes.delete(seq);
  }

  /**
   * Read a page that touches the run. When the run has moved meanwhile the page is dropped: who still wants one
   * asks again.
   * @param {"older" | "newer"} end @param {() => From | null} from where to read now
   */
  async #extend(end, from) {
    if (this.loading.has(end) || !from()) return;
    await this.#loads(end, async () => {
      const asked = from();
      if (!asked) return true;
      const page = await this.read({ ...asked, limit: PAGE });
      if (JSON.stringify(from()) !== JSON.stringify(asked)) return true;
      if (!this.log.extend(page)) return false;
      if (end === "older") this.log.dropNewest(MOST);
      else this.log.dropOldest(MOST);
      return true;
    });
  }

  /** @param {number} jump @param {From} from @param {number} seq where the reader goes */
  async #replace(jump, from, seq) {
    await this.#loads("jump", async () => {
      const page = await this.read({ ...from, limit: PAGE });
      if (jump !== this.jumps) return true;
      if (!this.log.replace(page)) return false;
      const { oldest, newest } = this.log;
      if (seq - (oldest?.seq ?? 0) < (newest?.seq ?? 0) - seq) this.log.dropNewest(MOST);
      else this.log.dropOldest(MOST);
      return true;
    });
  }

  /**
   * Try `load` until it returns true.
   * @param {"older" | "newer" | "jump"} name
   * @param {() => Promise<boolean>} load
   */
  async #loads(name, load) {
    this.loading.add(name);
    this.tell();
    try {
      for (let tries = 0; tries < TRIES; tries += 1) if (await load()) return;
      throw new Error("These messages could not be read.");
    } finally {
      this.loading.delete(name);
      this.tell();
    }
  }
}
