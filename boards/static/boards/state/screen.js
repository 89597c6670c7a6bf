/**
 * One board on one screen: its state comes over HTTP first, then over the socket. No DOM.
 *
 * @typedef {import("realtime/socket.js").Socket} Socket
 */
import { BoardState } from "./board-state.js";
import { describe, isLive } from "./connection.js";

/** Missing history is fetched within this many seconds, at a random moment: a thousand screens may miss it together. */
const SPREAD = 5;
/** The least seconds between two such fetches. */
const PAUSE = 15;

export class Screen {
  /**
   * @param {string} slug
   * @param {Socket} socket to `/ws/boards/<slug>/`, or to `/ws/boards/`, watching that board
   * @param {{
   *   fetchSnapshot: (at?: number) => Promise<any>, rooms?: () => Socket | null,
   *   timers?: Pick<typeof globalThis, "setTimeout">, random?: () => number, steady?: () => number, local?: () => number,
   * }} world
   */
  constructor(slug, socket, world) {
    this.slug = slug;
    this.socket = socket;
    this.fetchSnapshot = world.fetchSnapshot;
    /** The socket on which rooms are joined; null: none are shown here. */
    this.rooms = world.rooms ?? (() => null);
    this.timers = world.timers ?? globalThis;
    this.random = world.random ?? Math.random;
    this.steady = world.steady ?? (() => performance.now());
    this.local = world.local ?? (() => Date.now());
    this.state = new BoardState();
    /** The past board, while the screen shows one. @type {{at: number, state: BoardState} | null} */
    this.past = null;
    this.rewinds = 0;
    /** True when each tile also says how its value got here. */
    this.details = false;
    /** A snapshot has come over the present connection, so the state is live. */
    this.loaded = false;
    /** Up to when, by this machine's clock, values are known: over a former connection, over HTTP; 0: none came. */
    this.known = { socket: 0, http: 0 };
    /** @type {string | null} the build of the server that this page came from */
    this.build = null;
    this.healing = false;
    /** @type {Set<() => void>} */
    this.connectionListeners = new Set();
    /** Called when the server runs another build than this page came from, or asks for a reload. */
    this.onNewBuild = () => {};
    this.isClosed = false;
    /** @type {(() => void)[]} */
    this.endings = this.#listen();
  }

  #listen() {
    const { socket, state } = this;
    return [
      socket.on("state", ({ phase }) => {
        if (phase !== "live" && this.loaded) {
          this.known.socket = socket.heardAt;
          this.loaded = false;
        }
        this.#tellConnection();
      }),
      socket.on("hello", ({ build }) => this.#sawBuild(build)),
      socket.on("reload", () => this.onNewBuild()),
      socket.on("snapshot", (event) => {
        if (event.board.slug !== this.slug) return state.takeOther(event, this.steady());
        this.loaded = true;
        state.takeSnapshot(event);
        this.#tellConnection();
      }),
      socket.on("update", (event) => {
        state.takeUpdate(event, this.steady());
        if (state.hasGap) this.#heal();
      }),
    ];
  }

  /** End: the board is no longer shown, so stop listening and fetching. */
  close() {
    for (const end of this.endings) end();
    this.isClosed = true;
  }

  /** Begin: fetch the snapshot over HTTP and open the socket at the same time. */
  open() {
    this.socket.open();
    // The socket brings it too, or says why it can't.
    return this.fetchSnapshot().then(
      (snapshot) => {
        this.known.http = this.local();
        this.state.takeFirst(snapshot);
      },
      () => {},
    );
  }

  /** @param {() => void} listener called when the text about the connection changes; ages change without a call */
  onConnection(listener) {
    this.connectionListeners.add(listener);
    return () => this.connectionListeners.delete(listener);
  }

  /** The server's time. */
  now() {
    return this.socket.clock.now();
  }

  /** The shown state: the present board or a past one. */
  get shown() {
    return this.past?.state ?? this.state;
  }

  /** The time that the screen shows: the server's, or the one it was rewound to. */
  shownAt() {
    return this.past?.at ?? this.now();
  }

  /** The server's time up to which this screen is up to date: now, or when it last got values. */
  heardAt() {
    if (this.past) return this.past.at;
    if (isLive(this.socket, this.loaded)) return this.now();
    return this.now() - (this.local() - (this.#knownAt || this.known.http || this.local()));
  }

  get #knownAt() {
    return this.loaded ? this.socket.heardAt : this.known.socket;
  }

  /**
   * Show the board as it was at `at`, unix milliseconds. Updates still come in, for when it is live again.
   * @throws {Error} it cannot be fetched; then the screen does not change
   */
  async rewind(/** @type {number} */ at) {
    const rewind = ++this.rewinds;
    const snapshot = await this.fetchSnapshot(at);
    if (rewind !== this.rewinds) return; // another time was asked for meanwhile, or the live board
    const state = new BoardState();
    state.takeSnapshot(snapshot);
    this.past = { at, state };
    this.#tellConnection();
  }

  /** Show the board as it is. */
  backToLive() {
    this.rewinds += 1;
    this.past = null;
    this.#tellConnection();
  }

  /** The text about the connection now. */
  connection() {
    const { heardAt, heartbeat } = this.socket;
    const times = { now: this.now(), local: this.local(), heardAt, heartbeat, knownAt: this.#knownAt };
    return describe(this.socket.state, this.loaded, times);
  }

  #tellConnection() {
    for (const listener of this.connectionListeners) listener();
  }

  #sawBuild(/** @type {string} */ build) {
    if (this.build !== null && build !== this.build) this.onNewBuild();
    this.build ??= build;
  }

  /** Fetch the points that conflation left out: after a random delay, and not too often. */
  #heal() {
    if (this.healing) return;
    this.healing = true;
    this.timers.setTimeout(
      async () => {
        try {
          this.state.takeHistory(await this.fetchSnapshot());
        } catch {
          // The next gap tries again.
        }
        this.timers.setTimeout(() => {
          this.healing = false;
          if (this.state.hasGap && !this.isClosed) this.#heal();
        }, PAUSE * 1000);
      },
      this.random() * SPREAD * 1000,
    );
  }
}
