/**
 * The rooms that this page has shown: one of them is joined, the others keep their log, so that coming back shows it
 * at once and asks only for what has changed. The one that was shown longest ago is forgotten first.
 *
 * @typedef {import("../rooms/room-state.js").RoomState} RoomState
 */

/** Messages that a room keeps while another is shown, if its reader was at the end: fewer are shown faster. */
const KEEP = 100;

export class KeptRooms {
  /**
   * @param {{socket: Pick<import("realtime/socket.js").Socket, "on">, open: (slug: string) => RoomState,
   *   enter: (room: RoomState) => void, most?: number}} world  open: a room seen for the first time; enter: again
   */
  constructor({ socket, open, enter, most = 20 }) {
    this.open = open;
    this.enter = enter;
    this.most = most;
    /** @type {Map<string, RoomState>} the shown one last */
    this.rooms = new Map();
    this.shown = "";
    socket.on("left", ({ room }) => room !== this.shown && this.forget(room));
    socket.on("person", ({ user }) => {
      for (const [slug, room] of this.rooms) if (slug !== this.shown) room.renamed(user);
    });
  }

  /** Join a room, and leave the one shown before. */
  show(/** @type {string} */ slug) {
    if (slug !== this.shown) this.#leave();
    const known = this.rooms.get(slug);
    const room = known ?? this.open(slug);
    this.rooms.delete(slug);
    this.rooms.set(slug, room);
    if (known && slug !== this.shown) this.enter(room);
    this.shown = slug;
    this.#limit();
    return room;
  }

  forget(/** @type {string} */ slug) {
    this.rooms.delete(slug);
  }

  #leave() {
    const room = this.rooms.get(this.shown);
    if (!room) return;
    room.leave();
    if (room.phase === "shut") this.forget(this.shown); // the next visit asks whether it is open again
    else if (!room.kept.anchor && !room.log.hasNewer) room.log.dropOldest(KEEP);
  }

  /** An edit that could not be saved is nowhere else, so its room stays. */
  #limit() {
    const old = [...this.rooms].filter(([slug, { kept }]) => slug !== this.shown && !kept.unsaved.length);
    for (const [slug] of old.slice(0, Math.max(0, this.rooms.size - this.most))) this.forget(slug);
  }
}
