import { backoff } from "./backoff.js";
import { ServerClock } from "./clock.js";
import { connect } from "./connect.js";
import { CommandError, Disconnected } from "./errors.js";

/**
 * @typedef {import("./errors.js").Event} Event
 * @typedef {"connecting" | "live" | "waiting" | "stopped"} Phase
 * @typedef {{phase: Phase, retryAt: number | null, code: number | null, reason: string}} State
 *   retryAt: unix milliseconds of this machine's clock, while waiting
 */

/** Close codes after which trying again is useless: bad frame, sign in, forbidden, no such thing, replaced. */
export const FINAL = new Set([4400, 4401, 4403, 4404, 4409]);
/** The page is refused for good: forbidden (an account was closed, say), no such thing. */
export const SHUT_OUT = new Set([4403, 4404]);
/** Nobody is signed in any more. */
export const SIGN_IN = 4401;
/** The code when the socket stops by itself because another person is signed in. The server never sends it. */
export const ANOTHER_PERSON = 4000;

const CONNECT_SECONDS = 15;
const REPLY_SECONDS = 15;
const PROBE_SECONDS = 5;
/** After a connection that lived this long, attempts count from zero again. */
const GOOD_SECONDS = 5;

/**
 * One lasting connection: it reconnects, notices dead connections, and reports its true state.
 *
 * It is in one of four phases. Entering `connecting`, `waiting` or `stopped` first drops the connection and every
 * alarm, so there is never a second connection. `live` is entered only from `connecting`. Handlers of a dropped
 * connection do nothing.
 *
 *     stopped → open → connecting → hello → live
 *     connecting, live → the connection is lost → waiting → the retry alarm, "online", the reader is back → connecting
 *     any → close, a final refusal, somebody else is signed in → stopped
 *
 * Listen with `on(type, …)` for the server's events by their `type`, and for "state" (a State).
 * Requests that each new connection needs, such as joins, belong into `onLive(…)`.
 */
export class Socket {
  /**
   * @param {string} path e.g. "/ws/chat/"
   * @param {{person: import("./person.js").Person, WebSocket?: any, page?: any, timers?: any, random?: () => number,
   *   clock?: ServerClock, protocols?: string[]}} world  protocols: what the handshake offers as subprotocols; person: for whom
   *   it is: before anything is sent, the server's `hello` must name the same
   */
  constructor(path, { person, WebSocket = globalThis.WebSocket, page = globalThis, timers = globalThis, random, clock, protocols = [] }) {
    if (!person) throw new TypeError("Say for whom this socket is.");
    this.path = path;
    this.protocols = protocols;
    this.person = person;
    this.clock = clock ?? new ServerClock();
    /** @type {State} */
    this.state = { phase: "connecting", retryAt: null, code: null, reason: "" };
    this.WebSocket = WebSocket;
    this.page = page;
    this.timers = timers;
    this.random = random;
    /** @type {any} */
    this.connection = null;
    /** True from `open()` until it stops. */
    this.isOpen = false;
    this.attempt = 0;
    this.heartbeat = 25;
    this.heardAt = 0;
    this.liveSince = 0;
    /** @type {number | null} seconds that a draining server asked us to wait */
    this.drainAfter = null;
    /** @type {Event | null} the newest error that answered no command: the reason for a close that follows */
    this.lastError = null;
    this.refs = 0;
    /** @type {Map<string, {resolve: (event: Event) => void, reject: (error: Error) => void, timer: any}>} */
    this.waiting = new Map();
    /** @type {Map<string, Set<(event: any) => void>>} */
    this.listeners = new Map();
    /** @type {Map<string, any>} */
    this.alarms = new Map();
    this.recheck = () => this.#recheck();
    this.giveWay = () => this.#stop(ANOTHER_PERSON, "Somebody else is signed in in this browser now.");
  }

  /** Connect, and stay connected until `close()` or a final refusal. */
  open() {
    if (this.isOpen) return;
    if (this.person.isGone) return this.giveWay();
    this.isOpen = true;
    this.attempt = 0;
    this.person.listeners.add(this.giveWay);
    for (const type of ["online", "pageshow"]) this.page.addEventListener?.(type, this.recheck);
    this.page.document?.addEventListener("visibilitychange", this.recheck);
    this.#connect();
  }

  /** Hang up for good. */
  close() {
    this.#stop(1000, "");
  }

  /** Stop waiting and try now. */
  retry() {
    if (this.state.phase === "stopped") return this.open();
    if (this.state.phase !== "waiting") return;
    this.attempt = 0;
    this.#connect();
  }

  get live() {
    return this.state.phase === "live";
  }

  /** Send a command that has no reply. False when the connection is down: nothing was sent. */
  send(/** @type {Event} */ command) {
    if (!this.live) return false;
    this.connection.send(JSON.stringify(command));
    return true;
  }

  /**
   * Send a command and wait for its reply.
   * @param {Event} command
   * @returns {Promise<Event>}
   * @throws {CommandError} the server refused
   * @throws {Disconnected} the connection is or went down
   */
  request(command) {
    return new Promise((resolve, reject) => {
      const ref = String(++this.refs);
      if (!this.send({ ...command, ref })) return reject(new Disconnected());
      const timer = this.timers.setTimeout(() => {
        // The server sends heartbeats but no answer: only a new connection can help.
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
          throw error; // to the console; a listener's error must not end the connection
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
    this.#letGo();
    this.lastError = null;
    this.drainAfter = null;
    const connection = connect(this.path, this.page.location, this.WebSocket, this.protocols);
    this.connection = connection;
    const isOurs = () => connection === this.connection;
    connection.onmessage = (/** @type {{data: string}} */ { data }) => isOurs() && this.#hear(connection, data);
    connection.onclose = (/** @type {{code: number}} */ { code }) => isOurs() && this.#lost(code);
    this.#alarm("watchdog", CONNECT_SECONDS, () => this.#lost(1006));
    this.#become("connecting");
  }

  #hear(/** @type {WebSocket} */ connection, /** @type {string} */ text) {
    this.heardAt = this.#now();
    this.#silence("probe");
    if (this.liveSince) this.#watch();
    /** @type {Event} */
    const event = JSON.parse(text);
    if (event.now) this.clock.observe(event.now);
    if (event.type === "hello") {
      if (!this.person.meets(event.user)) return; // which has stopped this socket, too
      this.heartbeat = event.heartbeat ?? this.heartbeat;
      this.liveSince = this.#now();
      this.#watch();
      this.#become("live");
    } else if (event.type === "notice" && event.retry_after) {
      this.drainAfter = event.retry_after;
    } else if (event.type === "error" && !event.ref) {
      this.lastError = event;
      // Refused unread, so without a ref. Any command may be the one, so all fail and may be sent again.
      if (event.code === "rate_limited") this.#failWaiting(() => new CommandError(event));
    }
    const waiting = this.waiting.get(event.ref);
    if (waiting) {
      this.waiting.delete(event.ref);
      this.timers.clearTimeout(waiting.timer);
      if (event.type === "error") waiting.reject(new CommandError(event));
      else waiting.resolve(event);
    }
    if (connection === this.connection) this.#emit(event.type, event); // a listener may have closed it
  }

  /** No frame for two heartbeats: the connection is dead, even when the browser says it is open. */
  #watch() {
    this.#alarm("watchdog", this.heartbeat * 2, () => this.#lost(1006));
  }

  #now() {
    return this.clock.local();
  }

  /** The connection is gone: decide what next. */
  #lost(/** @type {number} */ code) {
    if (FINAL.has(code)) {
      this.#stop(code, this.lastError?.detail ?? "");
      if (code === SIGN_IN) void this.person.check(); // somebody else may have signed in since
      return;
    }
    if (this.liveSince && this.#now() - this.liveSince >= GOOD_SECONDS * 1000) this.attempt = 0;
    this.#wait(code);
  }

  #wait(/** @type {number} */ code) {
    this.#letGo();
    const chance = backoff(this.attempt, { random: this.random });
    // A draining server's delay is already jittered; after a flood, wait what it asks plus chance.
    const seconds = code === 4429 ? (this.lastError?.retry_after ?? 1) + chance : (this.drainAfter ?? chance);
    this.attempt += 1;
    this.#alarm("retry", seconds, () => this.#connect());
    const reason = code >= 4000 ? (this.lastError?.detail ?? "") : "";
    this.#become("waiting", { retryAt: this.#now() + seconds * 1000, code, reason });
  }

  #stop(/** @type {number} */ code, /** @type {string} */ reason) {
    this.#letGo();
    this.isOpen = false;
    this.person.listeners.delete(this.giveWay);
    for (const type of ["online", "pageshow"]) this.page.removeEventListener?.(type, this.recheck);
    this.page.document?.removeEventListener("visibilitychange", this.recheck);
    this.#become("stopped", { code, reason });
  }

  /** Drop everything of the phase so far: its alarms, its connection, and the commands that wait for a reply on it. */
  #letGo() {
    for (const name of [...this.alarms.keys()]) this.#silence(name);
    this.liveSince = 0;
    const connection = this.connection;
    this.connection = null;
    if (connection) {
      connection.onmessage = connection.onclose = null;
      connection.close();
    }
    this.#failWaiting();
  }

  #failWaiting(cause = () => /** @type {Error} */ (new Disconnected())) {
    const all = [...this.waiting.values()];
    this.waiting.clear();
    for (const { reject, timer } of all) {
      this.timers.clearTimeout(timer);
      reject(cause());
    }
  }

  /** The network or the reader came back: timers may have slept, so check now. */
  #recheck() {
    if (this.page.document?.visibilityState === "hidden") return;
    if (this.state.phase === "waiting") {
      // When the server asked us to wait, wait.
      if (this.drainAfter === null && this.state.code !== 4429) this.#connect();
    } else if (this.live) {
      if (this.#now() - this.heardAt > this.heartbeat * 2000) return this.#lost(1006);
      this.send({ type: "ping" });
      this.#alarm("probe", PROBE_SECONDS, () => this.#lost(1006));
    }
  }
}
