import { backoff } from "./backoff.js";
import { ServerClock } from "./clock.js";

/**
 * @typedef {{type: string, [field: string]: any}} Event an object of the wire protocol, either way
 * @typedef {"connecting" | "live" | "waiting" | "stopped"} Phase
 * @typedef {{phase: Phase, retryAt: number | null, code: number | null, reason: string}} State
 *   retryAt: unix milliseconds of this machine's clock, while waiting
 */

/** Close codes after which trying again is useless: bad frame, sign in, forbidden, no such thing, replaced. */
export const FINAL = new Set([4400, 4401, 4403, 4404, 4409]);

const CONNECT_SECONDS = 15;
const REPLY_SECONDS = 15;
const PROBE_SECONDS = 5;
/** A connection that lived so long was a good one: the next loss counts attempts from zero. */
const GOOD_SECONDS = 5;

/** The server answered a command with `error`. */
export class CommandError extends Error {
  /** @param {Event} event */
  constructor(event) {
    super(event.detail || event.code);
    this.name = "CommandError";
    /** @type {string} */
    this.code = event.code;
    /** @type {number | null} seconds */
    this.retryAfter = event.retry_after ?? null;
  }
}

/** The line was lost before the reply came: whether the command was carried out is unknown. */
export class Disconnected extends Error {
  constructor() {
    super("The connection was lost.");
    this.name = "Disconnected";
  }
}

/**
 * A bare WebSocket to our own server, encrypted like the page. What it becomes is the caller's to watch.
 * @param {string} path e.g. "/ws/echo/"
 * @param {{protocol: string, host: string}} [location]
 * @returns {WebSocket}
 */
export function openLine(path, { protocol, host } = globalThis.location, WebSocket = globalThis.WebSocket) {
  return new WebSocket(`${protocol === "https:" ? "wss:" : "ws:"}//${host}${path}`);
}

/**
 * One lasting connection: opens itself again, notices dead lines, and says truthfully how it stands.
 *
 * Listen with `on(type, …)` for the server's events by their `type`, and for "state" (a State).
 * What must be asked for again on each connection (joins) belongs into `onLive(…)`.
 */
export class Socket {
  /**
   * @param {string} path e.g. "/ws/chat/"
   * @param {{WebSocket?: any, page?: any, timers?: any, random?: () => number, clock?: ServerClock}} [world]
   */
  constructor(path, { WebSocket = globalThis.WebSocket, page = globalThis, timers = globalThis, random, clock } = {}) {
    this.path = path;
    this.clock = clock ?? new ServerClock();
    /** @type {State} */
    this.state = { phase: "connecting", retryAt: null, code: null, reason: "" };
    this.WebSocket = WebSocket;
    this.page = page;
    this.timers = timers;
    this.random = random;
    /** @type {any} */
    this.line = null;
    this.attempt = 0;
    this.heartbeat = 25;
    this.heardAt = 0;
    this.liveSince = 0;
    /** @type {number | null} what a draining server asked us to wait, seconds */
    this.drainAfter = null;
    /** @type {Event | null} the newest error that answered no command: why a close that follows came */
    this.lastError = null;
    this.refs = 0;
    /** @type {Map<string, {resolve: (event: Event) => void, reject: (error: Error) => void, timer: any}>} */
    this.waiting = new Map();
    /** @type {Map<string, Set<(event: any) => void>>} */
    this.listeners = new Map();
    /** @type {Map<string, any>} */
    this.alarms = new Map();
    this.recheck = () => this.#recheck();
  }

  /** Connect, and stay connected until `close()` or a final refusal. */
  open() {
    if (this.line || this.alarms.has("retry")) return;
    this.attempt = 0;
    this.page.addEventListener?.("online", this.recheck);
    this.page.document?.addEventListener("visibilitychange", this.recheck);
    this.#connect();
  }

  /** Hang up for good. */
  close() {
    this.#hangUp();
    this.#stop(1000, "");
  }

  /** Stop waiting and try now. */
  retry() {
    if (this.state.phase !== "waiting" && this.state.phase !== "stopped") return;
    this.#silence("retry");
    this.open();
  }

  get live() {
    return this.state.phase === "live";
  }

  /** Send a command that has no reply. False when the line is down: nothing was sent. */
  send(/** @type {Event} */ command) {
    if (!this.live) return false;
    this.line.send(JSON.stringify(command));
    return true;
  }

  /**
   * Send a command and wait for its reply.
   * @param {Event} command
   * @returns {Promise<Event>}
   * @throws {CommandError} the server refused
   * @throws {Disconnected} the line is or went down
   */
  request(command) {
    return new Promise((resolve, reject) => {
      const ref = String(++this.refs);
      if (!this.send({ ...command, ref })) return reject(new Disconnected());
      const timer = this.timers.setTimeout(() => {
        // A server that heartbeats but does not answer: a new line is the only cure we have.
        this.#lost(1006);
      }, REPLY_SECONDS * 1000);
      this.waiting.set(ref, { resolve, reject, timer });
    });
  }

  /**
   * @param {string} type an event's type, or "state"
   * @param {(event: any) => void} listener
   * @returns {() => void} stops listening
   */
  on(type, listener) {
    const those = this.listeners.get(type) ?? new Set();
    this.listeners.set(type, those.add(listener));
    return () => those.delete(listener);
  }

  /** Call `listener` at the start of each connection, and now if one is live. */
  onLive(/** @type {() => void} */ listener) {
    if (this.live) listener();
    return this.on("hello", listener);
  }

  #emit(/** @type {string} */ type, /** @type {any} */ event) {
    for (const listener of [...(this.listeners.get(type) ?? [])]) {
      try {
        listener(event);
      } catch (error) {
        queueMicrotask(() => {
          throw error; // to the console; one listener's fault is not the line's
        });
      }
    }
  }

  #become(/** @type {Phase} */ phase, /** @type {Partial<State>} */ rest = {}) {
    this.state = { phase, retryAt: null, code: null, reason: "", ...rest };
    this.#emit("state", this.state);
  }

  #alarm(/** @type {string} */ name, /** @type {number} */ seconds, /** @type {() => void} */ ring) {
    this.#silence(name);
    const timer = this.timers.setTimeout(() => {
      this.alarms.delete(name);
      ring();
    }, seconds * 1000);
    this.alarms.set(name, timer);
  }

  #silence(/** @type {string} */ name) {
    this.timers.clearTimeout(this.alarms.get(name));
    this.alarms.delete(name);
  }

  #connect() {
    this.lastError = null;
    this.drainAfter = null;
    this.#become("connecting");
    const line = openLine(this.path, this.page.location, this.WebSocket);
    this.line = line;
    line.onmessage = (/** @type {{data: string}} */ frame) => this.#hear(frame.data);
    line.onclose = (/** @type {{code: number}} */ { code }) => this.#lost(code);
    this.#alarm("watchdog", CONNECT_SECONDS, () => this.#lost(1006));
  }

  #hear(/** @type {string} */ text) {
    this.heardAt = this.#now();
    this.#silence("probe");
    if (this.liveSince) this.#watch();
    /** @type {Event} */
    const event = JSON.parse(text);
    if (event.now) this.clock.observe(event.now);
    if (event.type === "hello") {
      this.heartbeat = event.heartbeat ?? this.heartbeat;
      this.liveSince = this.#now();
      this.#watch();
      this.#become("live");
    } else if (event.type === "notice" && event.code === "draining") {
      this.drainAfter = event.retry_after ?? null;
    } else if (event.type === "error" && !event.ref) {
      this.lastError = event;
      // Refused before it was read, so without its ref: whichever it was, all may be sent again.
      if (event.code === "rate_limited") this.#failWaiting(() => new CommandError(event));
    }
    const waiting = this.waiting.get(event.ref);
    if (waiting) {
      this.waiting.delete(event.ref);
      this.timers.clearTimeout(waiting.timer);
      if (event.type === "error") waiting.reject(new CommandError(event));
      else waiting.resolve(event);
    }
    this.#emit(event.type, event);
  }

  /** Two heartbeats without a frame: the line is dead, whatever the browser believes. */
  #watch() {
    this.#alarm("watchdog", this.heartbeat * 2, () => this.#lost(1006));
  }

  #now() {
    return this.clock.local();
  }

  /** The line is gone: fail what waits for replies, and decide what next. */
  #lost(/** @type {number} */ code) {
    const good = this.liveSince && this.#now() - this.liveSince >= GOOD_SECONDS * 1000;
    this.#hangUp();
    if (FINAL.has(code)) {
      this.#stop(code, this.lastError?.detail ?? "");
    } else {
      if (good) this.attempt = 0;
      this.#wait(code);
    }
    this.#failWaiting();
  }

  #wait(/** @type {number} */ code) {
    const chance = backoff(this.attempt, { random: this.random });
    // A draining server has jittered for us; after a flood its wish is the least, and chance comes on top.
    const seconds = code === 4429 ? (this.lastError?.retry_after ?? 1) + chance : (this.drainAfter ?? chance);
    this.attempt += 1;
    this.#alarm("retry", seconds, () => this.#connect());
    const reason = code >= 4000 ? (this.lastError?.detail ?? "") : "";
    this.#become("waiting", { retryAt: this.#now() + seconds * 1000, code, reason });
  }

  #hangUp() {
    for (const name of ["watchdog", "probe", "retry"]) this.#silence(name);
    this.liveSince = 0;
    const line = this.line;
    this.line = null;
    if (!line) return;
    line.onmessage = line.onclose = null;
    line.close();
  }

  #failWaiting(cause = () => /** @type {Error} */ (new Disconnected())) {
    const all = [...this.waiting.values()];
    this.waiting.clear();
    for (const { reject, timer } of all) {
      this.timers.clearTimeout(timer);
      reject(cause());
    }
  }

  #stop(/** @type {number} */ code, /** @type {string} */ reason) {
    this.page.removeEventListener?.("online", this.recheck);
    this.page.document?.removeEventListener("visibilitychange", this.recheck);
    this.#become("stopped", { code, reason });
    this.#failWaiting();
  }

  /** The network came back or the reader did: timers may have slept, so look now. */
  #recheck() {
    if (this.page.document?.visibilityState === "hidden") return;
    if (this.state.phase === "waiting") {
      // A server that asked us to wait meant it.
      if (this.drainAfter === null && this.state.code !== 4429) this.#connect();
    } else if (this.live) {
      if (this.#now() - this.heardAt > this.heartbeat * 2000) return this.#lost(1006);
      this.send({ type: "ping" });
      this.#alarm("probe", PROBE_SECONDS, () => this.#lost(1006));
    }
  }
}
