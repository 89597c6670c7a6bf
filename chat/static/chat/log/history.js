import { quoteOf } from "./log.js";

/**
 * @typedef {import("./log.js").Page} Page
 * @typedef {import("./log.js").Quote} Quote
 * @typedef {{before?: number, after_seq?: number, around?: number, limit?: number}} From  without one of the first
 * three: the newest messages
 * @typedef {(room: string, from: From) => Promise<Page>} Read  read a page of a room's log, over HTTP
 */

const PAGE = 50;
/** The most messages that are kept; those far from the reader are dropped. */
const MOST = 600;
/** How many times a page that came too late is asked for again. */
const TRIES = 4;

/** Loads older parts of a room into its log. `tell` is called after each change. */
export class History {
  /** @param {{log: import("./log.js").RoomLog, read: (from: From) => Promise<Page>, tell: () => void}} world */
  constructor({ log, read, tell }) {
    this.log = log;
    this.read = read;
    this.tell = tell;
    /** @type {Set<"older" | "newer" | "jump">} what is being read */
    this.loading = new Set();
    /** Counts the reader's jumps: pages of an earlier jump are dropped. */
    this.jumps = 0;
    /** @type {Map<number, Quote | null>} quotes of unsent answers that the log does not know; null: asked for */
    this.quotes = new Map();
  }

  /** Read a page of older messages. Resolves when it is there or no longer wanted; throws when it cannot be read. */
  async loadOlder() {
    await this.#extend("older", () => (this.log.hasOlder ? { before: this.log.oldest?.seq } : null));
  }

  /** Read a page of newer messages when the log does not reach up to now. Otherwise like `loadOlder`. */
  async loadNewer() {
    await this.#extend("newer", () => (this.log.hasNewer ? { after_seq: this.log.newest?.seq } : null));
  }

  /** Load message `seq` and the messages around it. Throws when they cannot be read. */
  async goTo(/** @type {number} */ seq) {
    const jump = ++this.jumps;
    if (!this.log.at(seq)) await this.#replace(jump, { around: seq }, seq);
  }

  /** Load the newest messages. Throws when they cannot be read. */
  async goToNow() {
    const jump = ++this.jumps;
    if (this.log.hasNewer) await this.#replace(jump, {}, Infinity);
  }

  /**
   * The quote for an unsent answer to `seq`; undefined until it is known.
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
        () => {}, // asked again on the next connection, not at each render
      );
    }
    return this.quotes.get(seq) ?? undefined;
  }

  /** On a new connection, ask again for what could not be read. */
  retryQuotes() {
    for (const [seq, quote] of this.quotes) if (!quote) this.quotes.delete(seq);
  }

  /**
   * Read a page next to the run. When the run has moved meanwhile, the page is dropped; the caller may ask again.
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
