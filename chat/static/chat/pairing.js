import { CommandError, Disconnected } from "realtime/socket.js";

/**
 * Roulette as this page takes part in it.
 *
 * @typedef {import("realtime/people.js").User} User
 * @typedef {import("realtime/socket.js").Socket} Socket
 * @typedef {import("./session.js").RoomSession} RoomSession
 * @typedef {"idle" | "checking" | "waiting" | "talking" | "ended"} Phase
 */

/** So long a seat outlives its page; coming back within that goes on as if nothing had been. */
const SEAT_MS = 8000;
const KEPT = "roulette";

export class Pairing {
  /**
   * @param {{socket: Socket, openRoom: (room: string) => RoomSession, check: () => Promise<number>,
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
    /** @type {RoomSession | null} */
    this.session = null;
    /** Why the talk ended, or what went wrong: a sentence. */
    this.word = "";
    this.trouble = "";
    /** @type {number | null} milliseconds of the last connection check */
    this.roundTrip = null;
    /** @type {"" | "next" | "blocked" | "reported"} what we have asked for and the server will confirm */
    this.deed = "";
    /** @type {Set<() => void>} */
    this.listeners = new Set();
    socket.on("roulette.waiting", (event) => this.#waiting(event));
    socket.on("roulette.paired", (event) => this.#paired(event));
    socket.on("roulette.ended", (event) => this.#ended(event));
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
    const kept = JSON.parse(this.storage?.getItem(KEPT) ?? "null");
    this.storage?.removeItem(KEPT);
    if (!kept || this.now() - kept.at > SEAT_MS) return;
    this.tags = kept.tags;
    this.#become("waiting");
    if (this.socket.live) this.#resume();
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
    this.trouble = "";
    if (this.phase !== "talking") return this.#enter();
    this.deed = "next";
    await this.#ask({ type: "roulette.next" });
  }

  /** Leave roulette. */
  async stop() {
    const was = this.phase;
    this.#closeTalk();
    this.#become("idle");
    if (was === "idle") return;
    await this.#ask({ type: "roulette.leave" });
  }

  async block() {
    await this.#judge("blocked", { type: "roulette.block" });
  }

  async report(/** @type {string} */ reason) {
    await this.#judge("reported", { type: "roulette.report", reason });
  }

  /** Also when the partner has left already; then no event follows the reply. */
  async #judge(/** @type {"blocked" | "reported"} */ deed, /** @type {import("realtime/socket.js").Event} */ command) {
    const over = this.phase === "ended";
    this.trouble = "";
    this.deed = deed;
    await this.#ask(command);
    if (over && !this.trouble) this.#end(this.#verdict(deed));
  }

  /** @param {"blocked" | "reported"} deed */
  #verdict(deed) {
    const name = this.partner?.name ?? "Your partner";
    return deed === "blocked"
      ? `You blocked ${name}. You will not be paired again.`
      : `Thank you. Your report about ${name} will be read, and you will not be paired again.`;
  }

  async #enter() {
    try {
      await this.socket.request({ type: "roulette.enter", tags: this.tags });
      if (this.phase === "checking" || this.phase === "ended") {
        this.#closeTalk();
        this.position = this.waiting = 0;
        this.#become("waiting");
      }
    } catch (error) {
      this.#stay(sentence(error));
    }
  }

  /** A new connection: claim the seat again, which may still have its talk. */
  async #resume() {
    if (!this.seated) return;
    try {
      await this.socket.request({ type: "roulette.enter", tags: this.tags });
    } catch (error) {
      // A lost line resumes again; a conflict means that another tab has taken over.
      if (error instanceof CommandError) this.#end(error.message);
    }
  }

  /** @param {{position: number, waiting: number}} event */
  #waiting({ position, waiting }) {
    if (this.phase === "talking" && this.deed !== "next") {
      // We were away for longer than the seat was kept. Nobody meets a stranger without asking for it.
      this.#end("The connection was away for too long, so the talk has ended.");
      this.#ask({ type: "roulette.leave" });
      return;
    }
    if (this.phase === "idle") return;
    this.deed = "";
    this.#closeTalk();
    Object.assign(this, { position, waiting });
    this.#become("waiting");
  }

  /** @param {{room: string, partner: User}} event */
  #paired({ room, partner }) {
    if (this.phase === "idle") return;
    this.deed = "";
    this.partner = partner;
    if (this.session?.room !== room) {
      this.#closeTalk();
      this.partner = partner;
      this.session = this.openRoom(room);
    }
    this.#become("talking");
  }

  /** @param {{room: string, reason: string}} event */
  #ended({ room, reason }) {
    if (room !== this.session?.room || this.phase !== "talking") return;
    const name = this.partner?.name ?? "Your partner";
    if (this.deed === "next") return; // what follows is waiting
    // Who was blocked or reported is not told so.
    if (this.deed === "blocked" || this.deed === "reported") this.#end(this.#verdict(this.deed));
    else if (reason === "expired") this.#end("The talk has ended.");
    else this.#end(`${name} left.`);
  }

  #end(/** @type {string} */ word) {
    this.deed = "";
    this.word = word;
    this.session?.stop();
    this.#discardUnsent();
    this.#become("ended");
  }

  #closeTalk() {
    this.session?.stop();
    this.#discardUnsent();
    this.session = null;
    this.partner = null;
    this.word = "";
  }

  /** Nobody will hear them. */
  #discardUnsent() {
    for (const entry of this.session?.entries ?? []) this.session?.outbox.discard(entry.id);
  }

  async #ask(/** @type {import("realtime/socket.js").Event} */ command) {
    try {
      await this.socket.request(command);
    } catch (error) {
      this.deed = "";
      if (this.phase === "idle") return; // the seat runs out by itself
      this.trouble = sentence(error);
      this.#tell();
    }
  }

  /** Nothing came of it: stay where one can try again. */
  #stay(/** @type {string} */ trouble) {
    this.trouble = trouble;
    this.#become(this.session ? "ended" : "idle");
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
