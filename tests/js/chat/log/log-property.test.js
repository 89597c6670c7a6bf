/** For all events in any order: the log is always one unbroken run, and ends as the server's. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Outbox } from "chat/outbox/outbox.js";
import { RoomState } from "chat/rooms/room-state.js";
import { Unread } from "chat/rooms/unread.js";
import { quoteOf } from "chat/log/log.js";
import { ServerClock } from "realtime/clock.js";
import { Socket } from "realtime/socket.js";
import { ADA, BO, GRACE, said } from "../../messages.js";
import { FakePage, FakeTime, FakeWebSocket, nobody, settle } from "../../fakes.js";

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];
const STEPS = 500;

/** Numbers from 0 to 1 that only depend on the seed (mulberry32). */
function chance(/** @type {number} */ seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A room as the server has it: messages by seq, changes by rev. */
class Room {
  rev = 0;
  /** @type {import("chat/log/log.js").Message[]} */
  messages = [];

  get seq() {
    return this.messages.length;
  }

  post(/** @type {number | null} */ replyTo, sender = GRACE) {
    return this.#put(said(this.seq + 1, { sender, reply_to: replyTo }));
  }

  change(/** @type {number} */ seq, /** @type {object} */ more) {
    return this.#put({ ...this.messages[seq - 1], ...more });
  }

  #put(/** @type {any} */ message) {
    this.messages[message.seq - 1] = { ...message, rev: ++this.rev, body: message.deleted ? "" : `at ${this.rev}` };
    return this.event(message.seq);
  }

  /** A message as it goes out now, with what it answers. */
  event(/** @type {number} */ seq) {
    const message = this.messages[seq - 1];
    return message.reply_to === null ? message : { ...message, quote: quoteOf(this.messages[message.reply_to - 1]) };
  }

  events(/** @type {number} */ first, /** @type {number} */ last) {
    const found = [];
    for (let seq = Math.max(1, first); seq <= Math.min(last, this.seq); seq += 1) found.push(this.event(seq));
    return { messages: found, rev: this.rev, seq: this.seq };
  }

  /** As `GET /api/rooms/<slug>/messages/`. */
  page(/** @type {import("chat/log/history.js").From} */ { before, after_seq: after, around, limit = 50 }) {
    if (before !== undefined) return this.events(before - limit, before - 1);
    if (after !== undefined) return this.events(after + 1, after + limit);
    if (around === undefined) return this.events(this.seq - limit + 1, this.seq);
    const start = Math.max(1, Math.min(around - Math.floor(limit / 2), this.seq - limit + 1));
    return this.events(start, start + limit - 1);
  }

  /** As `join`. */
  join(/** @type {{after?: number, limit: number}} */ { after, limit }) {
    if (after === undefined) return { ...this.page({ limit }), complete: true };
    const changed = this.messages.filter(({ rev }) => rev > after).sort((a, b) => a.rev - b.rev);
    const messages = changed.slice(0, limit).map(({ seq }) => this.event(seq));
    return { messages, rev: this.rev, seq: this.seq, complete: changed.length <= limit };
  }
}

class Drive {
  constructor(/** @type {number} */ seed) {
    this.random = chance(seed);
    this.room = new Room();
    this.time = new FakeTime();
    FakeWebSocket.lines = [];
    const clock = new ServerClock({ local: () => this.time.now, steady: () => this.time.now });
    const fakes = { person: nobody(), WebSocket: FakeWebSocket, page: new FakePage(), timers: this.time, clock };
    this.socket = new Socket("/ws/chat/", fakes);
    const store = { isLost: true, onLost: () => {}, all: async () => [], put: async () => {}, remove: async () => {} };
    const outbox = new Outbox({ user: ADA.id, store, deliver: async () => ({ seq: 1 }), timers: this.time });
    /** @type {{read: object, done: (page: any) => void, fail: (error: Error) => void}[]} pages that were read, and are on their way */
    this.coming = [];
    const read = (/** @type {string} */ _room, /** @type {any} */ from) =>
      new Promise((done, fail) => this.coming.push({ read: structuredClone(this.room.page(from)), done, fail }));
    this.roomState = new RoomState({
      room: "lobby", me: ADA, socket: this.socket, outbox, unread: new Unread(), read, timers: this.time,
    });
    /** @type {any[]} */
    this.late = [];
    /** Whether the socket has been given a complete page, so that changes follow live. */
    this.follows = false;
    this.socket.open();
    this.roomState.start();
    this.roomState.onChange(() => this.check());
  }

  get line() {
    return FakeWebSocket.newest;
  }

  up(/** @type {number} */ most) {
    return 1 + Math.floor(this.random() * most);
  }

  /** A change is written in the room; a client that follows receives it. */
  tell(/** @type {object} */ event) {
    if (this.follows) this.line.give(structuredClone(event));
    this.check();
  }

  write() {
    const { room } = this;
    const old = this.up(room.seq);
    const dice = this.random();
    if (!room.seq || dice < 0.5) this.tell(room.post(room.seq && this.random() < 0.4 ? old : null, this.random() < 0.2 ? ADA : BO));
    else if (dice < 0.8) this.tell(room.change(old, { edited_at: "2026-11-20T12:00:00.000Z" }));
    else this.tell(room.change(old, { deleted: true }));
  }

  /** Delete all messages in a part of the room, or in all of it. */
  purge() {
    const start = this.up(this.room.seq || 1);
    for (let seq = start; seq <= Math.min(this.room.seq, start + 40); seq += 1) this.tell(this.room.change(seq, { deleted: true }));
  }

  async answerJoin() {
    const joins = this.line.sent.filter(({ type }) => type === "join");
    const join = joins.at(-1);
    if (!join || this.answered === join) return;
    this.answered = join;
    const page = this.room.join(join);
    this.line.give(structuredClone({ type: "joined", ref: join.ref, room: "lobby", read: 0, online: [], count: 0, ...page }));
    this.follows = page.complete;
    await settle();
  }

  async cut() {
    this.line.cut(1006);
    this.follows = false;
    const missed = this.random() < 0.15 ? 1500 : this.up(80) - 1;
    for (let each = 0; each < missed; each += 1) this.write();
    await this.connect();
  }

  async connect() {
    for (let second = 0; second < 60 && !this.socket.live; second += 1) {
      this.time.pass(1);
      if (this.socket.state.phase === "connecting") this.line.hello();
      await settle();
    }
    assert.ok(this.socket.live);
  }

  /** A page that is on its way arrives, not always in the order of asking, or fails. */
  async arrive() {
    if (!this.coming.length) return;
    const [page] = this.coming.splice(Math.floor(this.random() * this.coming.length), 1);
    if (this.random() < 0.1) page.fail(new Error("unreachable"));
    else page.done(page.read);
    await settle();
  }

  /** A page that was read earlier arrives, though nobody waits for it. */
  offerLate() {
    const { log } = this.roomState;
    this.late.push(structuredClone(this.room.page({ around: this.up(this.room.seq || 1) })));
    const page = this.late[Math.floor(this.random() * this.late.length)];
    if (this.random() < 0.5) log.extend(page);
    else log.replace(page);
  }

  async step() {
    const { history, log } = this.roomState;
    const ignore = () => {};
    const dice = this.random();
    if (dice < 0.4) for (let each = this.up(6); each > 0; each -= 1) this.write();
    else if (dice < 0.5) history.loadOlder().catch(ignore);
    else if (dice < 0.58) history.loadNewer().catch(ignore);
    else if (dice < 0.64) history.goTo(this.up(this.room.seq || 1)).catch(ignore);
    else if (dice < 0.68) history.goToNow().catch(ignore);
    else if (dice < 0.72) log.dropOldest(this.up(300));
    else if (dice < 0.75) log.dropNewest(this.up(300));
    else if (dice < 0.76) this.purge();
    else if (dice < 0.78) this.offerLate();
    else if (dice < 0.8) await this.cut();
    else if (dice < 0.88) await this.answerJoin();
    else await this.arrive();
    await settle();
    this.check();
  }

  check() {
    const { messages } = this.roomState.log;
    const first = messages[0]?.seq ?? 0;
    for (const [index, { seq }] of messages.entries()) assert.equal(seq, first + index, "a hole");
  }

  /** All that is on its way arrives. */
  async settled() {
    await this.connect();
    for (let turn = 0; turn < 50; turn += 1) {
      this.line.give({ type: "heartbeat", now: "2026-11-20T12:00:00.000Z" });
      await this.answerJoin();
      this.time.pass(6);
      while (this.coming.length) {
        const page = this.coming.shift();
        page?.done(page.read);
        await settle();
      }
      if (this.roomState.phase === "here" && !this.coming.length) break;
    }
    assert.equal(this.roomState.phase, "here");
    const { log } = this.roomState;
    assert.equal(log.head, this.room.seq);
    for (const message of log.messages) assert.deepEqual(message, this.room.event(message.seq));
  }
}

for (const seed of SEEDS) {
  test(`the log is whole and true, whatever happens (seed ${seed})`, async () => {
    const drive = new Drive(seed);
    for (let each = 0; each < 120; each += 1) drive.write();
    drive.line.hello();
    await settle();
    for (let step = 1; step <= STEPS; step += 1) {
      await drive.step();
      if (step % 50 === 0) await drive.settled();
    }
    // From here every message can be reached, and the newest one again.
    const { log, history } = drive.roomState;
    const walk = async (/** @type {Promise<void>} */ going) => {
      await drive.settled();
      await going;
      drive.check();
    };
    while (log.hasOlder) await walk(history.loadOlder());
    assert.equal(log.oldest?.seq, 1);
    while (log.hasNewer) await walk(history.loadNewer());
    await drive.settled();
    assert.equal(log.newest?.seq, drive.room.seq);
    drive.tell(drive.room.post(null));
    assert.equal(log.newest?.seq, drive.room.seq, "live again at the end");
  });
}
