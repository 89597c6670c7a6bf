import { CommandError, Disconnected } from "realtime/errors.js";

/**
 * Roulette as this page takes part in it.
 *
 * @typedef {import("realtime/people.js").User} User
 * @typedef {import("realtime/socket.js").Socket} Socket
 * @typedef {import("chat/rooms/room-state.js").RoomState} RoomState
 * @typedef {"idle" | "checking" | "waiting" | "talking" | "ended"} Phase
 */

/** So long a seat outlives its page; coming back within that goes on as if nothing had been. */
const SEAT_MS = 8000;
const KEPT = "roulette";

export class Pairing {
  /**
   * @param {{socket: Socket, openRoom: (room: string) => RoomState, check: () => Promise<number>,
   *   storage?: Pick<Storage, "getItem" | "setItem" | "removeItem"> | null, now?: () => number}} world
   *   check: resolves with the round trip in milliseconds, rejects when sockets do not come through
   */
  constructor({ socket, openRoom, check, storage = null, now = Date.now }) {
    this.socket = socket;
    this.openRoom = openRoom;
    this.check = check;
    this.storage = storage;
    this.now = now;
    /** @type {Phase} */
    this.phase = "idle";
    /** @type {string[]} */
    this.tags = [];
    this.position = 0;
    this.waiting = 0;
    /** @type {User | null} */
    this.partner = null;
    /** @type {RoomState | null} */
    this.roomState = null;
    /** Why the talk ended, or what went wrong: a sentence. */
    this.word = "";
    this.trouble = "";
    /** @type {number | null} milliseconds of the last connection check */
    this.roundTrip = null;
    /** Whether we have asked for the next partner, and not heard of it yet. */
    this.going = false;
    /** What the end of the talk says, heard while `going`. */
    this.over = "";
    /** Whether we have asked for a seat, and have no answer yet. */
    this.entering = false;
    /** Times that we left and have no answer yet: until then all events are of the seat that we left. */
    this.leaving = 0;
    /** @type {Set<() => void>} */
    this.listeners = new Set();
    socket.on("roulette.waiting", (event) => this.#isWanted() && this.#waiting(event));
    socket.on("roulette.paired", (event) => this.#isWanted() && this.#paired(event));
    socket.on("roulette.ended", (event) => this.leaving || this.#ended(event));
    socket.onLive(() => this.#resume());
  }

  onChange(/** @type {() => void} */ listener) {
    this.listeners.add(listener);
  }

  /** Whether this page has, or had within the seat's grace, a seat. */
  get seated() {
    return this.phase === "waiting" || this.phase === "talking";
  }

  /** Go on after a reload, if that was just now. */
  comeBack() {
    const tags = this.#keptTags();
    if (!tags) return;
    this.tags = tags;
    this.#become("waiting");
    if (this.socket.live) this.#resume();
  }

  /** @returns {string[] | null} those of the seat that this tab had a moment ago */
  #keptTags() {
    const text = this.storage?.getItem(KEPT);
    this.storage?.removeItem(KEPT);
    try {
      const { tags, at } = JSON.parse(text ?? "{}");
      return Array.isArray(tags) && Math.abs(this.now() - at) <= SEAT_MS ? tags : null;
    } catch {
      return null;
    }
  }

  /** The page goes: remember the seat. */
  goAway() {
    if (this.seated) this.storage?.setItem(KEPT, JSON.stringify({ tags: this.tags, at: this.now() }));
  }

  /** Check the line, then wait for a partner. */
  async start(/** @type {string[]} */ tags) {
    this.tags = tags;
    this.trouble = "";
    this.#become("checking");
    try {
      this.roundTrip = await this.check();
    } catch {
      return this.#stay("Sockets do not come through to the server. A proxy or firewall may hold them up; try again.");
    }
    if (this.phase === "checking") await this.#enter();
  }

  /** Leave this partner, or the ended talk, for another. */
  async next() {
    if (this.going || this.entering) return;
    this.trouble = "";
    if (this.phase === "ended") return this.#enter();
    if (this.phase !== "talking") return;
    this.going = true;
    this.over = "";
    const error = await this.#ask({ type: "roulette.next" });
    if (!this.going) return; // we have heard already what came of it, or have stopped
    if (!error) this.#wait();
    else if (this.over) this.#end(this.over);
    else if (error instanceof CommandError) this.going = false; // else the line is down, and its return says
  }

  /** Leave roulette. */
  async stop() {
    const was = this.phase;
    this.#closeTalk();
    this.#become("idle");
    if (was !== "idle") await this.#leave();
  }

  async #leave() {
    this.leaving += 1;
    await this.#ask({ type: "roulette.leave" });
    this.leaving -= 1;
  }

  async block() {
    await this.#judge("blocked", { type: "roulette.block" });
  }

  async report(/** @type {string} */ reason) {
    await this.#judge("reported", { type: "roulette.report", reason });
  }

  /** Also when the partner has left already; then no event comes before the reply. */
  async #judge(/** @type {"blocked" | "reported"} */ deed, /** @type {import("realtime/socket.js").Event} */ command) {
    const { roomState } = this;
    const verdict = this.#verdict(deed);
    this.trouble = "";
    const error = await this.#ask(command);
    if (!error && roomState && this.roomState === roomState) this.#end(verdict);
  }

  /** @param {string} deed */
  #verdict(deed) {
    const name = this.partner?.name ?? "Your partner";
    return deed === "blocked"
      ? `You blocked ${name}. You will not be paired again.`
      : `Thank you. Your report about ${name} will be read, and you will not be paired again.`;
  }

  async #enter() {
    this.entering = true;
    try {
      await this.socket.request({ type: "roulette.enter", tags: this.tags });
      if (this.phase === "checking" || this.phase === "ended") this.#wait();
    } catch (error) {
      if (this.phase !== "idle") this.#stay(sentence(error));
    } finally {
      this.entering = false;
    }
  }

  /** The server has put us among those who wait; how many they are it says next. */
  #wait() {
    this.#closeTalk();
    this.position = this.waiting = 0;
    this.#become("waiting");
  }

  /** A new connection: claim the seat again, which may still have its talk. */
  async #resume() {
    if (!this.seated) return;
    try {
      await this.socket.request({ type: "roulette.enter", tags: this.tags });
    } catch (error) {
      // A lost line resumes again; a conflict means that another tab has taken over.
      if (error instanceof CommandError) this.#lose(error.message);
    }
  }

  /** Whether news of a seat is for us. One that we do not want we leave: nobody shall be paired with an empty page. */
  #isWanted() {
    if (this.leaving) return false;
    if (this.phase !== "idle" && (this.phase !== "checking" || this.entering)) return true;
    this.#leave();
    return false;
  }

  /** @param {{position: number, waiting: number}} event */
  #waiting({ position, waiting }) {
    if (this.phase === "talking" && !this.going) {
      // We were away for longer than the seat was kept. Nobody meets a stranger without asking for it.
      this.#end("The connection was away for too long, so the talk has ended.");
      this.#leave();
      return;
    }
    this.#closeTalk();
    Object.assign(this, { position, waiting });
    this.#become("waiting");
  }

  /** @param {{room: string, partner: User}} event */
  #paired({ room, partner }) {
    this.going = false;
    this.partner = partner;
    if (this.roomState?.room !== room) {
      this.#closeTalk();
      this.partner = partner;
      this.roomState = this.openRoom(room);
    }
    this.#become("talking");
  }

  /** @param {{room: string | null, reason: string}} event */
  #ended({ room, reason }) {
    if (room === null && this.phase === "waiting") this.#lose(this.#wordOf(reason));
    if (room !== this.roomState?.room || this.phase !== "talking") return;
    this.over = this.#wordOf(reason);
    if (!this.going) this.#end(this.over); // else the answer follows
  }

  #wordOf(/** @type {string} */ reason) {
    if (reason === "blocked" || reason === "reported") return this.#verdict(reason);
    if (reason === "elsewhere") return "You went on in another tab or on another device.";
    if (reason === "expired") return this.roomState ? "The talk has ended." : "Your place was given up. Start again.";
    return `${this.partner?.name ?? "Your partner"} left.`;
  }

  /** The seat is gone. */
  #lose(/** @type {string} */ word) {
    if (this.roomState) this.#end(word);
    else this.#stay(word);
  }

  #end(/** @type {string} */ word) {
    this.going = false;
    this.word = word;
    this.roomState?.stop();
    this.#discardUnsent();
    this.#become("ended");
  }

  #closeTalk() {
    this.roomState?.stop();
    this.#discardUnsent();
    this.roomState = null;
    this.partner = null;
    this.word = "";
    this.going = false;
  }

  /** Nobody will hear them. */
  #discardUnsent() {
    for (const entry of this.roomState?.entries ?? []) this.roomState?.outbox.discard(entry.id);
  }

  /** Return what went wrong, if anything did, once it is shown. */
  async #ask(/** @type {import("realtime/socket.js").Event} */ command) {
    try {
      await this.socket.request(command);
      return null;
    } catch (error) {
      // Who has stopped on a line that is down has left: the seat runs out by itself.
      if (this.phase !== "idle" || error instanceof CommandError) this.trouble = sentence(error);
      this.#tell();
      return error;
    }
  }

  /** Nothing came of it: stay where one can try again. */
  #stay(/** @type {string} */ trouble) {
    this.trouble = trouble;
    this.#become(this.roomState ? "ended" : "idle");
  }

  #become(/** @type {Phase} */ phase) {
    this.phase = phase;
    if (phase === "talking" || phase === "waiting") this.trouble = "";
    this.#tell();
  }

  #tell() {
    for (const listener of this.listeners) listener();
  }
}

const sentence = (/** @type {unknown} */ error) =>
  error instanceof Disconnected
    ? "The connection is down. Try again when it is back."
    : /** @type {Error} */ (error).message;
