/**
 * Messages on their way: kept until the server has acknowledged them, sent in order, each exactly once
 * (the id is minted here, and the server knows an id it has seen).
 *
 * @typedef {"queued" | "sending" | "sent" | "failed"} EntryState
 * @typedef {{id: string, user: number, room: string, body: string, replyTo: number | null, at: number,
 *   state: EntryState, reason: string, seq: number | null}} Entry  at: unix milliseconds; seq: once sent
 * @typedef {{all: () => Promise<Entry[]>, put: (entry: Entry) => Promise<unknown>,
 *   remove: (id: string) => Promise<unknown>}} Store
 */

/** What is older was forgotten rather than delayed: ask before sending it. */
const STALE_MS = 24 * 60 * 60 * 1000;
const MOST_TRIES = 5;

export class Outbox {
  /**
   * @param {{user: number, store: Store, deliver: (entry: Entry) => Promise<{seq: number}>, now?: () => number,
   *   timers?: any}} world  `deliver` rejects with an error whose `code` is one of the protocol's when the
   *   server refused; with any other error when nobody knows
   */
  constructor({ user, store, deliver, now = Date.now, timers = globalThis }) {
    this.user = user;
    this.store = store;
    this.deliver = deliver;
    this.now = now;
    this.timers = timers;
    /** @type {Entry[]} oldest first */
    this.entries = [];
    /** @type {Set<() => void>} */
    this.listeners = new Set();
    /** @type {Set<string>} rooms with a message under way: the next one waits for its outcome */
    this.busy = new Set();
    /** @type {Map<string, any>} rooms the server asked to wait with */
    this.pauses = new Map();
    /** @type {Map<string, number>} */
    this.tries = new Map();
    /** @type {Set<string>} rooms whose log is shown: there a sent message stays until the log has it */
    this.open = new Set();
  }

  onChange(/** @type {() => void} */ listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The entries of one room, oldest first. */
  of(/** @type {string} */ room) {
    return this.entries.filter((entry) => entry.room === room);
  }

  /** How many messages of `room` are on their way. */
  waiting(/** @type {string} */ room) {
    return this.of(room).filter(({ state }) => state === "queued" || state === "sending").length;
  }

  /** How many were refused, and wait for the writer to decide. */
  failed(/** @type {string} */ room) {
    return this.of(room).filter(({ state }) => state === "failed").length;
  }

  /** Take over what earlier pages and other, closed tabs left unsent. */
  async load() {
    const kept = await this.store.all();
    const known = new Set(this.entries.map(({ id }) => id));
    for (const entry of kept) {
      if (entry.user !== this.user || known.has(entry.id)) continue;
      const stale = this.now() - entry.at > STALE_MS;
      this.entries.push({
        ...entry,
        state: stale || entry.state === "failed" ? "failed" : "queued",
        reason: stale ? "Written more than a day ago." : entry.reason,
      });
    }
    this.entries.sort((a, b) => a.at - b.at);
    this.#tell();
  }

  /** Queue a message, and send it when its turn comes. */
  async add(/** @type {string} */ room, /** @type {string} */ body, /** @type {number | null} */ replyTo = null) {
    // Two messages of one millisecond keep their order through the store, too.
    const at = Math.max(this.now(), (this.entries.at(-1)?.at ?? 0) + 1);
    /** @type {Entry} */
    const entry = { id: uuid(), user: this.user, room, body, replyTo, at, state: "queued", reason: "", seq: null };
    this.entries.push(entry);
    this.#tell();
    await this.#keep(entry);
    await this.flush(room);
    return entry;
  }

  /** Send what waits for `room`, one after the other. Call it when the room can be reached. */
  async flush(/** @type {string} */ room) {
    if (this.busy.has(room) || this.pauses.has(room)) return;
    this.busy.add(room);
    try {
      for (;;) {
        const entry = this.of(room).find(({ state }) => state === "queued");
        if (!entry || !(await this.#send(entry))) break;
      }
    } finally {
      this.busy.delete(room);
    }
  }

  /** Try a failed message again. */
  async retry(/** @type {string} */ id) {
    const entry = this.entries.find((each) => each.id === id);
    if (!entry) return;
    this.tries.delete(id);
    this.#become(entry, "queued");
    await this.#keep(entry);
    await this.flush(entry.room);
  }

  /** Give a message up. */
  async discard(/** @type {string} */ id) {
    this.#forget(id);
    await this.store.remove(id).catch(() => {});
  }

  /** The room's log has a message: whatever of it is still here has arrived. */
  arrived(/** @type {{sender: {id: number}, id: string}} */ message) {
    if (message.sender.id !== this.user) return;
    if (this.entries.some(({ id }) => id === message.id)) this.discard(message.id);
  }

  /** Returns whether the next one may go. */
  async #send(/** @type {Entry} */ entry) {
    this.#become(entry, "sending");
    try {
      const { seq } = await this.deliver(entry);
      entry.seq = seq;
      if (this.open.has(entry.room)) this.#become(entry, "sent");
      else this.#forget(entry.id);
      await this.store.remove(entry.id).catch(() => {});
      return true;
    } catch (error) {
      return this.#failed(entry, /** @type {any} */ (error));
    }
  }

  async #failed(/** @type {Entry} */ entry, /** @type {{code?: string, message: string, retryAfter?: number}} */ error) {
    const passing = ["rate_limited", "busy", "not_joined", "internal"].includes(error.code ?? "");
    const tries = (this.tries.get(entry.id) ?? 0) + 1;
    if (!error.code) {
      // Nobody knows whether it arrived. It goes again, under the same id, with the next connection.
      this.#become(entry, "queued");
      return false;
    }
    if (passing && (error.code === "rate_limited" || error.code === "busy" || tries < MOST_TRIES)) {
      this.tries.set(entry.id, tries);
      this.#become(entry, "queued", error.message);
      this.#pause(entry.room, error.retryAfter ?? tries);
      return false;
    }
    this.#become(entry, "failed", error.message);
    await this.#keep(entry);
    return true;
  }

  #pause(/** @type {string} */ room, /** @type {number} */ seconds) {
    const resume = () => {
      this.pauses.delete(room);
      this.flush(room);
    };
    this.pauses.set(room, this.timers.setTimeout(resume, seconds * 1000));
  }

  #become(/** @type {Entry} */ entry, /** @type {EntryState} */ state, reason = "") {
    Object.assign(entry, { state, reason });
    this.#tell();
  }

  #forget(/** @type {string} */ id) {
    this.entries = this.entries.filter((entry) => entry.id !== id);
    this.tries.delete(id);
    this.#tell();
  }

  /** Storage that is full or off costs the message its life after the tab, nothing more. */
  #keep(/** @type {Entry} */ entry) {
    return this.store.put({ ...entry, state: entry.state === "failed" ? "failed" : "queued" }).catch(() => {});
  }

  #tell() {
    for (const listener of this.listeners) listener();
  }
}

/** A random (version 4) UUID; `crypto.randomUUID` is missing on pages without encryption. */
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
