/** How many messages of each room one has not read: the room's newest seq less the read one. */
export class Unread {
  constructor() {
    /** @type {Map<string, {seq: number, read: number}>} */
    this.rooms = new Map();
    /** @type {Set<(slug: string) => void>} */
    this.listeners = new Set();
  }

  /** Call `listener(slug)` after each change. */
  onChange(/** @type {(slug: string) => void} */ listener) {
    this.listeners.add(listener);
  }

  /** A room's newest seq is (at least) `seq`. */
  head(/** @type {string} */ slug, /** @type {number} */ seq) {
    this.#move(slug, "seq", seq);
  }

  /** One has read `slug` up to `seq`, here or in another tab. */
  read(/** @type {string} */ slug, /** @type {number} */ seq) {
    this.#move(slug, "read", seq);
  }

  forget(/** @type {string} */ slug) {
    if (this.rooms.delete(slug)) this.#tell(slug);
  }

  count(/** @type {string} */ slug) {
    const room = this.rooms.get(slug);
    return room ? Math.max(0, room.seq - room.read) : 0;
  }

  get total() {
    return [...this.rooms.keys()].reduce((sum, slug) => sum + this.count(slug), 0);
  }

  /** Both numbers only grow, so late and repeated news does no harm. */
  #move(/** @type {string} */ slug, /** @type {"seq" | "read"} */ field, /** @type {number} */ seq) {
    const room = this.rooms.get(slug) ?? { seq: 0, read: 0 };
    if (seq <= room[field] && this.rooms.has(slug)) return;
    this.rooms.set(slug, { ...room, [field]: Math.max(seq, room[field]) });
    this.#tell(slug);
  }

  #tell(/** @type {string} */ slug) {
    for (const listener of this.listeners) listener(slug);
  }
}
