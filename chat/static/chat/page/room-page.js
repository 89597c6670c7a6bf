/**
 * Which room the page shows. Changing the room is no page load: the address, the history and the log change in place.
 *
 * @typedef {import("../rooms/room-state.js").RoomState} RoomState
 * @typedef {import("realtime/people.js").User} User
 * @typedef {{slug: string, name: string, topic: string, kind: string, archived: boolean, owner: number | null}} Room
 * @typedef {{room: Room, members: User[]}} Info  the answer of GET /api/rooms/<slug>/
 * @typedef {{slug: string, roomState: RoomState, info: Info | null, refused: {status: number, detail: string} | null}}
 *   Shown  info: null until it is known; refused: the room may not be entered, or there is none
 */
import { addressOf, roomAt } from "./room-links.js";

/** HTTP statuses that are an answer about the room. Any other is trouble that passes. */
const REFUSALS = [403, 404];

export class RoomPage {
  /**
   * @param {{rooms: import("./kept-rooms.js").KeptRooms, read: (slug: string) => Promise<Info>,
   *   socket: Pick<import("realtime/socket.js").Socket, "on" | "onLive">, page?: any}} world  page: the window
   */
  constructor({ rooms, read, socket, page = globalThis }) {
    this.rooms = rooms;
    this.read = read;
    this.page = page;
    /** @type {Map<string, Info>} */
    this.infos = new Map();
    /** @type {Shown | null} */
    this.shown = null;
    /** @type {Set<(shown: Shown, before: Shown | null) => void>} */
    this.listeners = new Set();
    socket.on("room", ({ room }) => this.#changed(room));
    socket.onLive(() => this.shown && !this.shown.info && void this.#learn(this.shown.slug));
    page.addEventListener("popstate", () => this.#follow());
  }

  /** Call `listener(shown, before)` when another room is shown (`before` is the former one), or its info changes. */
  onChange(/** @type {(shown: Shown, before: Shown | null) => void} */ listener) {
    this.listeners.add(listener);
  }

  /** Show the room that the server made this page for. */
  begin(/** @type {Info} */ info) {
    this.infos.set(info.room.slug, info);
    this.#show(info.room.slug);
  }

  /** Go to a room, with a new entry in the browser's history. */
  go(/** @type {string} */ slug) {
    if (slug === this.shown?.slug) return;
    this.page.history.pushState(null, "", addressOf(slug));
    this.#visit(slug);
  }

  /** The reader went back or forward. */
  #follow() {
    const slug = roomAt(this.page.location, this.page.location.origin);
    if (slug && slug !== this.shown?.slug) this.#visit(slug);
  }

  #visit(/** @type {string} */ slug) {
    this.#show(slug);
    void this.#learn(slug);
  }

  #show(/** @type {string} */ slug) {
    const before = this.shown;
    const roomState = this.rooms.show(slug);
    for (const known of this.infos.keys()) if (!this.rooms.rooms.has(known)) this.infos.delete(known);
    this.shown = { slug, roomState, info: this.infos.get(slug) ?? null, refused: null };
    this.#tell(this.shown, before);
  }

  /** Ask what the page shows of a room. Its topic, its members or its kind may have changed since the last visit. */
  async #learn(/** @type {string} */ slug) {
    /** @type {Partial<Shown>} */
    let learned;
    try {
      learned = { info: await this.read(slug) };
    } catch (error) {
      const { status, message } = /** @type {import("web/page.js").RequestError} */ (error);
      if (!REFUSALS.includes(status)) return; // asked again on the next connection
      this.infos.delete(slug);
      learned = { info: null, refused: { status, detail: message } };
    }
    if (learned.info && this.rooms.rooms.has(slug)) this.infos.set(slug, learned.info);
    if (slug === this.shown?.slug) this.#tell(Object.assign(this.shown, learned), this.shown);
  }

  /** A room has a new name or topic. */
  #changed(/** @type {Partial<Room> & {slug: string}} */ room) {
    const info = this.infos.get(room.slug);
    if (!info) return;
    Object.assign(info.room, room);
    if (room.slug === this.shown?.slug) this.#tell(this.shown, this.shown);
  }

  /** @param {Shown} shown @param {Shown | null} before */
  #tell(shown, before) {
    for (const listener of this.listeners) listener(shown, before);
  }
}
