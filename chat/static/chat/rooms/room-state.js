import { CommandError } from "realtime/errors.js";
import { SHUT_OUT } from "realtime/socket.js";
import { History } from "../log/history.js";
import { RoomLog } from "../log/log.js";
import { Typists } from "../presence/typists.js";

/**
 * @typedef {import("realtime/people.js").User} User
 * @typedef {import("realtime/socket.js").Socket} Socket
 * @typedef {import("../log/log.js").Message} Message
 * @typedef {import("../outbox/outbox.js").Outbox} Outbox
 * @typedef {import("./unread.js").Unread} Unread
 * @typedef {"absent" | "catching up" | "here" | "shut"} Phase  shut: the server no longer lets us in
 * @typedef {{anchor: {seq: number, top: number} | null, focus: string,
 *   unsaved: {task: import("../outbox/drafts.js").Task, trouble: string}[]}} Kept  what its view keeps while another room
 *   is shown. anchor: the message at the top, null at the end of the log; focus: the key of the focused message;
 *   unsaved: edits that failed
 */

const FIRST_PAGE = 50;
const PAGE = 200;
/** The server passes on no more than one in two seconds. */
const TYPING_EVERY_SECONDS = 2.2;
/** In a room with more people than this, nobody wants to read who comes and goes. */
const MOST_NOTED = 10;
/** Seconds to wait for changes that the server says we lack: they may be on their way. */
const PATIENCE_SECONDS = 5;

/**
 * One room on this page. It joins on every connection, resumes where it was, knows who is here, and passes on the
 * reader's actions. Views listen with `onChange`. After `leave` it keeps its log, and `start` resumes from there.
 */
export class RoomState {
  /**
   * @param {{room: string, me: User, socket: Socket, outbox: Outbox, unread: Unread, timers?: any,
   *   read: import("../log/history.js").Read}} world
   */
  constructor({ room, me, socket, outbox, unread, read, timers = globalThis }) {
    this.room = room;
    this.me = me;
    this.socket = socket;
    this.outbox = outbox;
    this.unread = unread;
    this.timers = timers;
    this.log = new RoomLog();
    this.history = new History({ log: this.log, read: (from) => read(room, from), tell: () => this.#tell() });
    /** @type {Phase} */
    this.phase = "absent";
    /** Why the room is shut, or the last join failed: a sentence for people. */
    this.trouble = "";
    /** Why the room can only be read: a sentence for people, or "". */
    this.readOnly = "";
    /** @type {User[]} */
    this.online = [];
    this.count = 0;
    this.typists = new Typists({ timers, tell: () => this.#tell() });
    /** @type {Kept} */
    this.kept = { anchor: null, focus: "", unsaved: [] };
    /** @type {number | null} the divider: everything after this seq is new to the reader */
    this.line = null;
    this.read = 0;
    /** @type {number} when the page last had everything of the room, unix milliseconds; 0: never */
    this.knownAt = 0;
    /** @type {Set<() => void>} */
    this.listeners = new Set();
    /** @type {(() => void)[]} */
    this.endings = [];
    this.joins = 0;
    /** True from `start` until the log has caught up: events of an earlier stay may leave a hole before them. */
    this.resuming = true;
    this.readSent = 0;
    this.stillTyping = false;
    /** @type {Map<string, any>} */
    this.timersByName = new Map();
  }

  start() {
    const mine = (/** @type {(event: any) => void} */ act) => (/** @type {any} */ event) => {
      if (event.room === this.room) act(event);
    };
    this.resuming = true;
    this.readOnly = "";
    this.endings = [
      this.socket.on("message", mine((event) => this.#heard(event))),
      this.socket.on("presence", mine((event) => this.#presence(event))),
      this.socket.on("typing", mine(({ user }) => this.#typing(user))),
      this.socket.on("left", mine(({ reason }) => this.#left(reason))),
      this.socket.on("heads", ({ rooms }) => this.#compare(rooms[this.room]?.rev ?? 0)),
      this.socket.on("read", mine(({ seq }) => (this.read = Math.max(this.read, seq)))),
      this.socket.on("person", ({ user }) => this.renamed(user)),
      this.socket.on("state", () => this.#lineChanged()),
      this.outbox.onChange(() => this.#tell()),
      this.socket.onLive(() => this.#join()),
    ];
    this.outbox.open.add(this.room);
  }

  stop() {
    for (const end of this.endings) end();
    this.endings = [];
    for (const timer of this.timersByName.values()) this.timers.clearTimeout(timer);
    this.timersByName.clear();
    this.typists.clear();
    this.joins += 1;
    this.outbox.open.delete(this.room);
    if (this.phase !== "shut") this.phase = "absent";
  }

  /** Another room is shown: leave this one, but keep its log and where the reader was. */
  leave() {
    const { phase, socket } = this;
    if (phase === "here") {
      this.knownAt = socket.heardAt;
      if (this.read > this.readSent) this.#sendRead();
    }
    this.markAway();
    this.stop();
    // Refused only when the server had us out already.
    if (phase === "here" || phase === "catching up") socket.request({ type: "leave", room: this.room }).catch(() => {});
    void this.outbox.flush(this.room); // what waits goes out by HTTP
  }

  onChange(/** @type {() => void} */ listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Unsent messages of this room, oldest first; sent ones only until the log has them. */
  get entries() {
    return this.outbox.of(this.room);
  }

  send(/** @type {string} */ body, /** @type {number | null} */ replyTo = null) {
    this.line = null;
    this.stillTyping = false;
    return this.outbox.add(this.room, body, replyTo);
  }

  /** @param {number} seq @param {string} body @param {string | null} base the `edited_at` of the edited text */
  edit(seq, body, base) {
    return this.socket.request({ type: "edit", room: this.room, seq, body, base });
  }

  remove(/** @type {number} */ seq) {
    return this.socket.request({ type: "delete", room: this.room, seq });
  }

  react(/** @type {number} */ seq, /** @type {string} */ emoji, /** @type {boolean} */ on) {
    return this.socket.request({ type: "react", room: this.room, seq, emoji, on });
  }

  acknowledge(/** @type {number} */ seq) {
    return this.socket.request({ type: "acknowledge", room: this.room, seq });
  }

  /** The reader is typing. */
  typing() {
    if (this.phase !== "here") return;
    if (this.timersByName.has("typing")) {
      this.stillTyping = true;
      return;
    }
    this.stillTyping = false;
    this.socket.send({ type: "typing", room: this.room });
    this.#later("typing", TYPING_EVERY_SECONDS, () => this.stillTyping && this.typing());
  }

  /** The reader has seen everything up to `seq`. */
  markRead(/** @type {number} */ seq) {
    if (seq <= this.read) return;
    this.read = seq;
    this.unread.read(this.room, seq, this.log.hasNewer ? Infinity : this.log.newerThan(seq, this.me.id));
    // At most once a second, so that scrolling through a day does not send a hundred commands.
    if (this.timersByName.has("read")) return;
    this.#sendRead();
    this.#later("read", 1, () => this.read > seq && this.#sendRead());
  }

  /** The reader looks away: unseen messages, and those that come from now on, are new. */
  markAway() {
    if (this.log.complete) this.line = this.read || this.log.head;
  }

  async #join() {
    const turn = ++this.joins;
    if (this.phase === "shut") return;
    this.phase = "catching up";
    this.#tell();
    try {
      await this.#catchUp(turn);
    } catch (error) {
      if (turn === this.joins) this.#joinFailed(error);
    }
  }

  async #catchUp(/** @type {number} */ turn) {
    for (;;) {
      const { place } = this.log;
      const paging = place === null ? { limit: FIRST_PAGE } : { after: place, limit: PAGE };
      const page = await this.socket.request({ type: "join", room: this.room, ...paging });
      if (turn !== this.joins) return;
      if (place === null) this.line = page.read > 0 && page.read < page.seq ? page.read : null;
      this.read = Math.max(this.read, page.read);
      // Read elsewhere in the meantime.
      if (this.resuming && this.line !== null) this.line = Math.max(this.line, page.read);
      for (const message of page.messages) this.outbox.arrived(message);
      if (!this.log.take(/** @type {any} */ (page)) || !page.complete) continue;
      this.online = page.online;
      this.count = page.count;
      this.#count(/** @type {any} */ (page));
      if (this.read > page.read) this.#later("read", 0, () => this.#sendRead());
      break;
    }
    this.phase = "here";
    this.resuming = false;
    this.trouble = "";
    this.history.retryQuotes();
    this.#tell();
    this.outbox.flush(this.room);
  }

  /** Count unread messages, if all of them are loaded. */
  #count(/** @type {{rev: number, seq: number}} */ { rev, seq }) {
    const { log, read } = this;
    const isHere = !log.hasNewer && (log.oldest?.seq ?? 1) <= read + 1;
    const exact = isHere ? { read, unread: log.newerThan(read, this.me.id) } : {};
    this.unread.head(this.room, { rev, seq, ...exact });
    this.unread.read(this.room, read);
  }

  #joinFailed(/** @type {unknown} */ error) {
    // After a lost connection the room joins again automatically.
    if (!(error instanceof CommandError)) return;
    if (["forbidden", "not_found"].includes(error.code)) return this.#shut(error.message);
    this.trouble = error.message;
    this.#tell();
    this.#later("join", error.retryAfter ?? PATIENCE_SECONDS, () => this.socket.live && this.#join());
  }

  #heard(/** @type {Message} */ message) {
    if (this.resuming) return;
    const isNew = message.seq > this.log.head;
    this.log.apply(message);
    this.outbox.arrived(message);
    if (isNew) this.typists.stop(message.sender.id);
    this.unread.message(message);
    if (isNew && message.sender.id === this.me.id && this.read === message.seq - 1) this.markRead(message.seq);
    this.#tell();
  }

  /** @param {{joined?: User[], left?: number[], online?: User[], count?: number}} event */
  #presence({ joined = [], left = [], online, count }) {
    if (this.resuming) return;
    const before = this.online;
    const gone = before.filter(({ id }) => left.includes(id));
    const staying = before.filter(({ id }) => !left.includes(id) && !joined.some((user) => user.id === id));
    this.online = online ?? [...staying, ...joined];
    this.count = count ?? this.online.length;
    const others = (/** @type {User[]} */ users) => users.filter(({ id }) => id !== this.me.id);
    const arrived = joined.filter((user) => !before.some(({ id }) => id === user.id));
    if (this.phase === "here" && this.count <= MOST_NOTED) this.log.note(others(arrived), others(gone));
    for (const { id } of gone) this.typists.stop(id);
    this.#tell();
  }

  #typing(/** @type {User} */ user) {
    if (user.id === this.me.id) return;
    this.typists.heard(user);
    this.#tell();
  }

  /** Somebody has a new name. */
  renamed(/** @type {User} */ user) {
    if (user.id === this.me.id) this.me = user;
    this.online = this.online.map((each) => (each.id === user.id ? user : each));
    this.log.rename(user);
    this.typists.rename(user);
    this.#tell();
  }

  #left(/** @type {string} */ reason) {
    if (reason !== "archived") return this.#shut(REASONS[/** @type {"removed"} */ (reason)] ?? "");
    this.readOnly = REASONS.archived;
    void this.#join();
  }

  #shut(/** @type {string} */ reason) {
    this.phase = "shut";
    this.trouble = reason;
    this.online = [];
    this.typists.clear();
    this.joins += 1;
    this.#tell();
  }

  /** The server announced the room's newest rev. If we still lack changes after a while, ask for them. */
  #compare(/** @type {number} */ rev) {
    if (this.phase !== "here" || this.#has(rev)) return;
    this.#later("heal", PATIENCE_SECONDS, () => {
      if (this.phase === "here" && this.socket.live && !this.#has(rev)) this.#join();
    });
  }

  #has(/** @type {number} */ rev) {
    return rev <= (this.log.place ?? 0);
  }

  #lineChanged() {
    if (!this.socket.live) {
      // We have everything up to the last moment of the connection.
      if (this.phase === "here") this.knownAt = this.socket.heardAt;
      if (this.phase !== "shut") this.phase = "absent";
      const { phase, code, reason } = this.socket.state;
      if (phase === "stopped" && SHUT_OUT.has(code ?? 0)) return this.#shut(reason || "The server does not let this page in any more.");
      this.typists.clear();
    }
    this.#tell();
  }

  #sendRead() {
    if (this.phase !== "here") return;
    this.readSent = this.read;
    this.socket.send({ type: "read", room: this.room, seq: this.read });
  }

  #later(/** @type {string} */ name, /** @type {number} */ seconds, /** @type {() => void} */ act) {
    this.timers.clearTimeout(this.timersByName.get(name));
    const timer = this.timers.setTimeout(() => {
      this.timersByName.delete(name);
      act();
    }, seconds * 1000);
    this.timersByName.set(name, timer);
  }

  #tell() {
    for (const listener of this.listeners) listener();
  }
}

const REASONS = {
  removed: "You are no longer a member of this room.",
  banned: "This account is closed.",
  archived: "This room was archived: it can be read, but nothing new can be said in it.",
};
