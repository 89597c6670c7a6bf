/**
 * The unread messages of each room: those by others, after the read mark, that are not deleted. The server counts them
 * when the socket opens and at heartbeats; in between, heads and messages update the counts.
 *
 * @typedef {{rev: number, seq: number, new?: [seq: number, sender: number][], gone?: [seq: number, sender: number][],
 *   read?: number, unread?: number}} Head
 */
export class Unread {
  /** @param {number} [me] the reader's id */
  constructor(me = 0) {
    this.me = me;
    /** @type {Map<string, {rev: number, seq: number, read: number, count: number}>} */
    this.rooms = new Map();
    /** @type {Set<(slug: string) => void>} */
    this.listeners = new Set();
  }

  /** Call `listener(slug)` after each change. */
  onChange(/** @type {(slug: string) => void} */ listener) {
    this.listeners.add(listener);
  }

  /** Take the head of a room. Late and repeated ones have no effect. */
  head(/** @type {string} */ slug, /** @type {Head} */ { rev, seq, new: said = [], gone = [], read, unread }) {
    const room = this.#room(slug);
    if (unread !== undefined && read !== undefined && rev >= room.rev && read >= room.read) {
      return this.#set(slug, { rev, seq, read, count: unread });
    }
    if (rev <= room.rev) return;
    const others = (/** @type {[number, number]} */ [at, sender]) => at > room.read && sender !== this.me;
    // Messages that the head does not name count as unread until the server has counted.
    const known = Math.max(room.seq, room.read);
    const news = said.filter(([at]) => at > known);
    let count = room.count + news.filter(others).length + Math.max(0, seq - known - news.length);
    count -= gone.filter(others).length;
    this.#set(slug, { rev, seq: Math.max(seq, room.seq), read: room.read, count: Math.max(0, count) });
  }

  /** Take a new or changed message. */
  message(/** @type {import("../log/log.js").Message} */ { room, rev, seq, sender, deleted }) {
    const { seq: newest } = this.#room(room);
    /** @type {[number, number][]} */
    const here = [[seq, sender.id]];
    // A message that arrives deleted was never unread.
    if (seq > newest) this.head(room, { rev, seq, new: here, gone: deleted ? here : [] });
    else this.head(room, { rev, seq: newest, gone: deleted ? here : [] });
  }

  /**
   * The reader has read `slug` up to `seq`, here or in another tab.
   * @param {string} slug @param {number} seq
   * @param {number} [left] how many unread messages follow, if known
   */
  read(slug, seq, left = Infinity) {
    const room = this.#room(slug);
    if (seq <= room.read && this.rooms.has(slug)) return;
    const count = Math.max(0, Math.min(room.count, left, room.seq - seq));
    this.#set(slug, { ...room, read: Math.max(seq, room.read), count });
  }

  forget(/** @type {string} */ slug) {
    if (this.rooms.delete(slug)) this.#tell(slug);
  }

  count(/** @type {string} */ slug) {
    return this.#room(slug).count;
  }

  get total() {
    return [...this.rooms.values()].reduce((sum, { count }) => sum + count, 0);
  }

  #room(/** @type {string} */ slug) {
    return this.rooms.get(slug) ?? { rev: -1, seq: 0, read: 0, count: 0 };
  }

  /** @param {string} slug @param {{rev: number, seq: number, read: number, count: number}} room */
  #set(slug, room) {
    this.rooms.set(slug, room);
    this.#tell(slug);
  }

  #tell(/** @type {string} */ slug) {
    for (const listener of this.listeners) listener(slug);
  }
}

/** The count as text; the server stops at 99, too. */
export const countText = (/** @type {number} */ count) => (count > 99 ? "99+" : String(count));
