/**
 * The boards whose thumbnails a page shows, all over one socket. No DOM.
 *
 * @typedef {import("realtime/socket.js").Socket} Socket
 */
import { BoardState } from "./state/board-state.js";
import { isLive } from "./state/connection.js";

/** Points of history that a thumbnail's sparkline gets. */
const POINTS = 40;

export class Thumbnails {
  /**
   * @param {Socket} socket to `/ws/boards/`, not open yet
   * @param {{steady?: () => number, soon?: (work: () => void) => void}} [world]
   */
  constructor(socket, { steady = () => performance.now(), soon = (work) => queueMicrotask(work) } = {}) {
    this.socket = socket;
    this.steady = steady;
    this.soon = soon;
    /** @type {Map<string, BoardState>} */
    this.boards = new Map();
    /** Snapshots of these have come over the present connection. @type {Set<string>} */
    this.loaded = new Set();
    this.planned = false;
    /** @type {Set<() => void>} */
    this.connectionListeners = new Set();
    socket.on("hello", () => this.#watchSoon());
    socket.on("state", ({ phase }) => {
      if (phase !== "live") this.loaded.clear();
      this.#tellConnection();
    });
    socket.on("snapshot", (event) => {
      this.loaded.add(event.board.slug);
      for (const [slug, state] of this.boards) {
        if (slug === event.board.slug) state.takeSnapshot(event);
        else state.takeOther(event, this.steady());
      }
    });
    socket.on("update", (event) => {
      for (const state of this.boards.values()) state.takeUpdate(event, this.steady());
    });
  }

  /** Watch one more board. All thumbnails of a board share its state. */
  watch(/** @type {string} */ slug) {
    const known = this.boards.get(slug);
    if (known) return known;
    const state = new BoardState();
    this.boards.set(slug, state);
    this.socket.open();
    this.#watchSoon();
    return state;
  }

  /** True when a board's state is live. */
  isLive(/** @type {string} */ slug) {
    return isLive(this.socket, this.loaded.has(slug));
  }

  onConnection(/** @type {() => void} */ listener) {
    this.connectionListeners.add(listener);
    return () => this.connectionListeners.delete(listener);
  }

  /** The server's time. */
  now() {
    return this.socket.clock.now();
  }

  /** One command for all the thumbnails that a page brings at once. */
  #watchSoon() {
    if (this.planned) return;
    this.planned = true;
    this.soon(() => {
      this.planned = false;
      if (!this.socket.live || !this.boards.size) return;
      const command = { type: "watch", boards: [...this.boards.keys()], points: POINTS };
      // Refused because one board is gone: the others still show. Or the connection was lost: asked again when it is
      // back.
      this.socket.request(command).catch((error) => {
        if (error.retryAfter) this.socket.timers.setTimeout(() => this.#watchSoon(), error.retryAfter * 1000);
      });
    });
  }

  #tellConnection() {
    for (const listener of this.connectionListeners) listener();
  }
}
