import { backoff } from "realtime/backoff.js";
import { uuid } from "web/uuid.js";
import { alone as inOneTab } from "./outbox-tabs.js";

/**
 * Messages on their way. They are stored until the server has acknowledged them, and sent in order, each exactly once:
 * the id is made here, and the server recognizes ids that it has seen. All tabs of a person share the store; any of
 * them sends what waits in it.
 *
 * @typedef {"queued" | "sending" | "sent" | "failed"} EntryState
 * @typedef {{id: string, user: number, room: string, body: string, replyTo: number | null, at: number,
 *   state: EntryState, reason: string, seq: number | null}} Entry  at: unix milliseconds; seq: once sent
 * @typedef {{all: () => Promise<Entry[]>, put: (entry: Entry) => Promise<unknown>, remove: (id: string) => Promise<unknown>,
 *   isLost: boolean, onLost: () => void}} Store  none of its calls rejects
 * @typedef {{tell: (news: any) => void, listen: (hear: (news: any) => void) => void}} Channel to this person's other tabs
 */

/** Milliseconds: an older message was probably forgotten, so ask before sending it. */
const STALE_MS = 24 * 60 * 60 * 1000;
const MOST_TRIES = 5;
/** Seconds before taking over a message of another tab, which has mostly sent it by then. */
const TAKE_OVER_SECONDS = 3;
/** Codes that allow a retry: nothing is wrong with the message. */
const PASSING = ["rate_limited", "busy", "not_joined", "internal"];
/** Codes after which a message waits until its owner signs in again. */
const NOT_MINE = ["another_person", "sign_in"];

export class Outbox {
  /**
   * @param {{user: number, store: Store, deliver: (entry: Entry) => Promise<{seq: number}>, channel?: Channel,
   *   alone?: typeof inOneTab, now?: () => number, timers?: any}} world  `deliver` rejects with an error whose `code` is
   *   one of the protocol's when the server refused; any other error means that the outcome is unknown
   */
  constructor({ user, store, deliver, channel, alone = inOneTab, now = Date.now, timers = globalThis }) {
    this.user = user;
    this.store = store;
    this.deliver = deliver;
    this.channel = channel;
    this.alone = alone;
    this.now = now;
    this.timers = timers;
    /** @type {Entry[]} oldest first */
    this.entries = [];
    /** @type {Set<() => void>} */
    this.listeners = new Set();
    /** @type {Set<string>} rooms with a message in flight; the next message waits for its outcome */
    this.busy = new Set();
    /** @type {Map<string, any>} rooms for which the server asked to wait */
    this.pauses = new Map();
    /** @type {Map<string, any>} rooms that could not be reached and will be retried automatically */
    this.retries = new Map();
    /** @type {Map<string, number>} */
    this.tries = new Map();
    /** @type {Set<string>} ids known to be in the store */
    this.kept = new Set();
    /** @type {Set<string>} ids that are being written: the store's data about them is old */
    this.writing = new Set();
    /** @type {Set<string>} finished ids, so that an older read of the store does not bring them back */
    this.gone = new Set();
    /** @type {any} */
    this.taking = null;
    /** @type {Set<string>} rooms with a visible log: there a sent message stays until the log has it */
    this.open = new Set();
    store.onLost = () => this.#tell();
    channel?.listen((news) => this.#hear(news));
  }

  onChange(/** @type {() => void} */ listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The entries of one room, oldest first. */
  of(/** @type {string} */ room) {
    return this.entries.filter((entry) => entry.room === room);
  }

  /** How many messages of `room` wait or are being sent. */
  waiting(/** @type {string} */ room) {
    return this.of(room).filter(isWaiting).length;
  }

  /** How many were refused and wait for the writer's decision. */
  failed(/** @type {string} */ room) {
    return this.of(room).filter(({ state }) => state === "failed").length;
  }

  /** True when closing the page now would lose a message. */
  get wouldLose() {
    return this.store.isLost && this.entries.some(isWaiting);
  }

  /** Read the store: unsent messages of earlier pages, and what other tabs have added or finished. */
  async load() {
    const [before, writing] = [new Set(this.kept), new Set(this.writing)];
    const all = await this.store.all();
    if (this.store.isLost) return;
    const mine = all.filter(({ user, id }) => user === this.user && !this.gone.has(id)).map((each) => this.#taken(each));
    const kept = new Map(mine.map((entry) => [entry.id, entry]));
    for (const entry of this.entries) {
      const isBusy = entry.state === "sending" || entry.state === "sent";
      if (isBusy || writing.has(entry.id) || this.writing.has(entry.id)) continue;
      const there = kept.get(entry.id);
      if (there?.state === entry.state) continue;
      if (there) Object.assign(entry, { state: there.state, reason: there.reason });
      else if (before.has(entry.id)) this.gone.add(entry.id); // another tab has sent or discarded it
    }
    const known = new Set(this.entries.map(({ id }) => id));
    const left = this.entries.filter(({ id, state }) => state === "sent" || !this.gone.has(id));
    this.entries = [...left, ...mine.filter(({ id }) => !known.has(id))].sort((a, b) => a.at - b.at);
    for (const id of kept.keys()) this.kept.add(id);
    this.#tell();
  }

  /** Merge an entry of the store with its present state here. @param {Entry} entry @returns {Entry} */
  #taken(entry) {
    if (entry.state === "failed" || !this.#isStale(entry)) return { ...entry };
    return { ...entry, state: "failed", reason: "Written more than a day ago." };
  }

  #isStale(/** @type {Entry} */ { at }) {
    return this.now() - at > STALE_MS;
  }

  /** Send what waits for any room, from this page and from others. */
  async flushAll() {
    await this.load();
    await Promise.all([...new Set(this.entries.map(({ room }) => room))].map((room) => this.flush(room)));
  }

  /** Queue a message, and send it when its turn comes. */
  async add(/** @type {string} */ room, /** @type {string} */ body, /** @type {number | null} */ replyTo = null) {
    // So that two messages of one millisecond keep their order in the store.
    const at = Math.max(this.now(), (this.entries.at(-1)?.at ?? 0) + 1);
    /** @type {Entry} */
    const entry = { id: uuid(), user: this.user, room, body, replyTo, at, state: "queued", reason: "", seq: null };
    this.entries.push(entry);
    this.#tell();
    await this.#keep(entry);
    await this.flush(room);
    return entry;
  }

  /** Send what waits for `room`, one message after the other. Call it when the room can be reached. */
  async flush(/** @type {string} */ room) {
    if (this.busy.has(room) || this.pauses.has(room)) return;
    this.timers.clearTimeout(this.retries.get(room));
    this.retries.delete(room);
    this.busy.add(room);
    try {
      let goesOn = true;
      while (goesOn && this.#next(room)) {
        goesOn = await this.alone(`outbox ${this.user} ${room}`, () => this.#sendAll(room));
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
    // The writer has decided to send it, so its age no longer matters.
    if (this.#isStale(entry)) {
      entry.at = Math.max(this.now(), (this.entries.at(-1)?.at ?? 0) + 1);
      this.entries.sort((one, other) => one.at - other.at);
    }
    this.#become(entry, "queued");
    await this.#keep(entry);
    await this.flush(entry.room);
  }

  /** Discard a message. */
  async discard(/** @type {string} */ id) {
    this.#forget(id);
    await this.#removed({ what: "discarded", id });
  }

  /** The room's log has this message, so it has arrived: remove it here. */
  arrived(/** @type {{sender: {id: number}, id: string, seq: number}} */ message) {
    if (message.sender.id !== this.user) return;
    if (!this.entries.some(({ id }) => id === message.id)) return;
    this.#forget(message.id);
    void this.#removed({ what: "sent", id: message.id, seq: message.seq });
  }

  /** @param {{what: "sent", id: string, seq: number} | {what: "discarded", id: string}} news */
  async #removed(news) {
    await this.store.remove(news.id);
    this.channel?.tell(news);
  }

  #next(/** @type {string} */ room) {
    return this.of(room).find(({ state }) => state === "queued");
  }

  /** Returns whether more may be sent. */
  async #sendAll(/** @type {string} */ room) {
    await this.load(); // another tab may have sent it while this one waited for the lock
    for (;;) {
      const entry = this.#next(room);
      if (!entry) return true;
      if (!(await this.#send(entry))) return false;
    }
  }

  /** Returns whether the next message may be sent. */
  async #send(/** @type {Entry} */ entry) {
    this.#become(entry, "sending");
    try {
      const { seq } = await this.deliver(entry);
      this.#sent(entry, seq);
      await this.#removed({ what: "sent", id: entry.id, seq });
      return true;
    } catch (error) {
      return this.#failed(entry, /** @type {any} */ (error));
    }
  }

  #sent(/** @type {Entry} */ entry, /** @type {number} */ seq) {
    entry.seq = seq;
    this.kept.delete(entry.id);
    if (!this.open.has(entry.room)) return this.#forget(entry.id);
    this.gone.add(entry.id);
    this.#become(entry, "sent");
  }

  async #failed(/** @type {Entry} */ entry, /** @type {{code?: string, message: string, retryAfter?: number}} */ error) {
    const { code = "" } = error;
    const tries = (this.tries.get(entry.id) ?? 0) + 1;
    if (!code || NOT_MINE.includes(code)) {
      // The outcome is unknown: send it again, with the same id.
      this.#become(entry, "queued");
      if (!code) this.#retryLater(entry.room, tries);
      this.tries.set(entry.id, tries);
      return false;
    }
    if (PASSING.includes(code) && (code === "rate_limited" || code === "busy" || tries < MOST_TRIES)) {
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

  #retryLater(/** @type {string} */ room, /** @type {number} */ tries) {
    this.timers.clearTimeout(this.retries.get(room));
    this.retries.set(room, this.timers.setTimeout(() => this.flush(room), (1 + backoff(tries)) * 1000));
  }

  /** News from another tab. */
  #hear(/** @type {import("./outbox-tabs.js").News} */ news) {
    if ("id" in news) {
      const entry = this.entries.find(({ id }) => id === news.id);
      this.gone.add(news.id);
      if (entry && entry.state !== "sending" && news.what === "sent") this.#sent(entry, news.seq);
      else if (news.what === "discarded") this.#forget(news.id);
    } else {
      this.taking ??= this.timers.setTimeout(() => {
        this.taking = null;
        void this.flushAll();
      }, TAKE_OVER_SECONDS * 1000);
    }
  }

  #become(/** @type {Entry} */ entry, /** @type {EntryState} */ state, reason = "") {
    Object.assign(entry, { state, reason });
    this.#tell();
  }

  #forget(/** @type {string} */ id) {
    this.gone.add(id);
    this.entries = this.entries.filter((entry) => entry.id !== id);
    this.tries.delete(id);
    this.kept.delete(id);
    this.#tell();
  }

  /** When storage is full or off, the message is lost only if the page closes. */
  async #keep(/** @type {Entry} */ entry) {
    this.writing.add(entry.id);
    await this.store.put({ ...entry, state: entry.state === "failed" ? "failed" : "queued" });
    this.writing.delete(entry.id);
    if (this.store.isLost || this.gone.has(entry.id)) return;
    this.kept.add(entry.id);
    this.channel?.tell({ what: "kept" });
  }

  #tell() {
    for (const listener of this.listeners) listener();
  }
}

const isWaiting = (/** @type {Entry} */ { state }) => state === "queued" || state === "sending";
