/**
 * The newest messages of a room, for a board. No DOM.
 *
 * It joins the room like any reader. So the server decides who may see it, and the reader counts as being in the room.
 *
 * @typedef {import("realtime/socket.js").Socket} Socket
 * @typedef {{seq: number, rev: number, sender: {name: string}, html: string, at: string, deleted: boolean}} Message
 */

/** How many messages a tile shows at most. */
const NEWEST = 12;
/** Milliseconds before asking again for a room that was refused: it may be open by then. */
const AGAIN = 60_000;

export class RoomFeed {
  /** @param {Socket} socket to `/ws/chat/`; on a wall, that of its boards @param {string} room */
  constructor(socket, room) {
    this.socket = socket;
    this.room = room;
    /** @type {any} */
    this.again = null;
    /** @type {Map<number, Message>} */
    this.known = new Map();
    /** How many people are in the room; null: a wall is not told. @type {number | null} */
    this.count = null;
    /** The room's messages are here and new ones come. */
    this.live = false;
    /** Why not: a sentence for people. */
    this.trouble = "";
    this.joins = 0;
    /** @type {Set<() => void>} */
    this.listeners = new Set();
    const mine = (/** @type {(event: any) => void} */ act) => (/** @type {any} */ event) => {
      if (event.room !== room) return;
      act(event);
      this.#tell();
    };
    this.endings = [
      socket.on("message", mine((event) => this.#take([event]))),
      socket.on("presence", mine(({ count }) => (this.count = count))),
      socket.on("left", mine(({ reason }) => this.#fail(reason === "archived" ? "This room is archived." : "You are no longer in this room."))),
      socket.on("state", ({ phase, reason }) => {
        if (phase === "live") return;
        this.live = false;
        if (phase === "stopped") this.trouble = reason || "Not connected to this room.";
        this.#tell();
      }),
      socket.onLive(() => void this.#join()),
    ];
    socket.open();
  }

  /** Leave the room; the socket stays for others. */
  end() {
    this.joins += 1;
    this.socket.timers.clearTimeout(this.again);
    for (const end of this.endings) end();
    this.socket.send({ type: "leave", room: this.room });
  }

  onChange(/** @type {() => void} */ listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The newest messages, oldest first, without those that were deleted. */
  get messages() {
    return [...this.known.values()].filter(({ deleted }) => !deleted).sort((a, b) => a.seq - b.seq);
  }

  async #join() {
    this.socket.timers.clearTimeout(this.again);
    const join = ++this.joins;
    try {
      const { messages, count } = await this.socket.request({ type: "join", room: this.room, limit: NEWEST });
      if (join !== this.joins) return;
      this.known.clear();
      this.#take(messages);
      this.count = count ?? null;
      this.live = true;
      this.trouble = "";
    } catch (error) {
      // The connection was lost: join again when it is back.
      if (join !== this.joins || !this.socket.live) return;
      this.#fail(error instanceof Error ? error.message : "");
    }
    this.#tell();
  }

  #fail(/** @type {string} */ sentence) {
    this.known.clear();
    this.live = false;
    this.trouble = sentence || "This room cannot be shown.";
    this.again = this.socket.timers.setTimeout(() => this.socket.live && void this.#join(), AGAIN);
  }

  #take(/** @type {Message[]} */ messages) {
    for (const message of messages) {
      if (message.rev >= (this.known.get(message.seq)?.rev ?? 0)) this.known.set(message.seq, message);
    }
    const oldest = [...this.known.keys()].sort((a, b) => b - a)[NEWEST - 1] ?? 0;
    for (const seq of this.known.keys()) if (seq < oldest) this.known.delete(seq);
  }

  #tell() {
    for (const listener of this.listeners) listener();
  }
}
