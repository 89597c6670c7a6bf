import { CommandError, Disconnected } from "realtime/errors.js";

/**
 * The state of roulette on this page.
 *
 * @typedef {import("realtime/people.js").User} User
 * @typedef {import("realtime/socket.js").Socket} Socket
 * @typedef {import("chat/rooms/room-state.js").RoomState} RoomState
 * @typedef {"idle" | "checking" | "waiting" | "talking" | "ended"} Phase
 */

/** Milliseconds that a seat outlives its page; a page that comes back within this time continues. */
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
    /** True while a request for the next partner has no answer yet. */
    this.going = false;
    /** The text of the talk's end, received while `going`. */
    this.over = "";
    /** True while a request for a seat has no answer yet. */
    this.entering = false;
    /** How many leaves have no answer yet: until then, all events concern the seat that we left. */
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

  /** Whether this page has a seat, or had one that is still kept. */
  get seated() {
    return this.phase === "waiting" || this.phase === "talking";
  }

  /** Continue after a reload, if the seat is still kept. */
  comeBack() {
    const tags = this.#keptTags();
    if (!tags) return;
    this.tags = tags;
    this.#become("waiting");
    if (this.socket.live) this.#resume();
  }

  /** @returns {string[] | null} the topics of the seat that this tab had a moment ago */
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

  /** The page closes: remember the seat. */
  goAway() {
    if (this.seated) this.storage?.setItem(KEPT, JSON.stringify({ tags: this.tags, at: this.now() }));
  }

  /** Check the connection, then wait for a partner. */
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
    if (!this.going) return; // we know the outcome already, or have stopped
    if (!error) this.#wait();
    else if (this.over) this.#end(this.over);
    else if (error instanceof CommandError) this.going = false; // else the next connection brings the answer
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

  /** Works even when the partner has already left; then no event comes before the reply. */
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

  /** We wait now; the next event says how many people wait. */
  #wait() {
    this.#closeTalk();
    this.position = this.waiting = 0;
    this.#become("waiting");
  }

  /** On a new connection, claim the seat again; it may still have its talk. */
  async #resume() {
    if (!this.seated) return;
    try {
      await this.socket.request({ type: "roulette.enter", tags: this.tags });
    } catch (error) {
      // A lost connection resumes automatically; a conflict means that another tab has taken over.
      if (error instanceof CommandError) this.#lose(error.message);
    }
  }

  /**
   * Whether news of a seat is for us. If we do not want the seat, leave it: nobody should be paired with an idle page.
   */
  #isWanted() {
    if (this.leaving) return false;
    if (this.phase !== "idle" && (this.phase !== "checking" || this.entering)) return true;
    this.#leave();
    return false;
  }

  /** @param {{position: number, waiting: number}} event */
  #waiting({ position, waiting }) {
    if (this.phase === "talking" && !this.going) {
      // We were away for longer than the seat was kept. Nobody should meet a stranger without asking.
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
    if (!this.going) this.#end(this.over); // otherwise the answer follows
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

  /** Drop unsent messages: nobody would get them. */
  #discardUnsent() {
    for (const entry of this.roomState?.entries ?? []) this.roomState?.outbox.discard(entry.id);
  }

  /** Send a command and show its error, if any; return that error. */
  async #ask(/** @type {import("realtime/socket.js").Event} */ command) {
    try {
      await this.socket.request(command);
      return null;
    } catch (error) {
      // Stopping while disconnected counts as leaving: the seat expires by itself.
      if (this.phase !== "idle" || error instanceof CommandError) this.trouble = sentence(error);
      this.#tell();
      return error;
    }
  }

  /** It failed: go back to where the person can try again. */
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
