/**
 * What this client knows of one room: its messages by seq, and how far it has followed the changes.
 *
 * @typedef {import("realtime/people.js").User} User
 * @typedef {{room: string, rev: number, seq: number, id: string, sender: User, body: string, html: string,
 *   at: string, edited_at: string | null, deleted: boolean, reply_to: number | null,
 *   reactions: Record<string, number[]>, kind: "text" | "alert", alert?: import("./alert-card.js").Alert}} Message a message's whole state after change `rev`
 * @typedef {{after: number, joined: User[], left: User[]}} Note who came and went after message `after`, seen live
 */

/** More changes than this missed: begin anew with the newest messages instead of reading through all. */
const FAR_BEHIND = 1000;

export class RoomLog {
  constructor() {
    /** @type {number | null} the highest rev applied; null before the first page */
    this.place = null;
    /** The room's newest seq, as far as is known. */
    this.head = 0;
    /** @type {Message[]} in order of seq, without holes once the log is complete */
    this.messages = [];
    this.complete = false;
    /** @type {Note[]} in order of `after` */
    this.notes = [];
    /** @type {Map<number, Message>} newest states of messages before the oldest shown one */
    this.#before = new Map();
  }

  #before;

  get newest() {
    return this.messages.at(-1) ?? null;
  }

  get oldest() {
    return this.messages[0] ?? null;
  }

  /** Whether the room has messages before the oldest shown one: seqs have no holes, and begin at 1. */
  get hasOlder() {
    return (this.oldest?.seq ?? 1) > 1;
  }

  /** @returns {Message | undefined} */
  at(/** @type {number} */ seq) {
    const index = this.#place(seq);
    return this.messages[index]?.seq === seq ? this.messages[index] : undefined;
  }

  /**
   * Take in a page of `joined`. Returns false when so much was missed that the log has begun anew: join
   * again without `after`.
   * @param {{rev: number, seq: number, messages: Message[], complete: boolean}} page
   */
  take({ rev, seq, messages, complete }) {
    if (this.place !== null && !complete && rev - this.place > FAR_BEHIND) {
      this.place = null;
      this.messages = [];
      this.notes = [];
      this.#before.clear();
      return false;
    }
    this.complete = complete;
    for (const message of messages) this.apply(message);
    this.head = Math.max(this.head, seq);
    if (complete) this.place = Math.max(this.place ?? 0, rev);
    return true;
  }

  /** Take in one change. Late and repeated ones change nothing. Returns whether it did. */
  apply(/** @type {Message} */ message) {
    this.place = Math.max(this.place ?? 0, message.rev);
    this.head = Math.max(this.head, message.seq);
    if (this.oldest && message.seq < this.oldest.seq) {
      const known = this.#before.get(message.seq);
      if (!known || known.rev < message.rev) this.#before.set(message.seq, message);
      return false;
    }
    return this.#put(message);
  }

  /** Take in messages from before the oldest one. They were read at some time, so newer states win. */
  prepend(/** @type {Message[]} */ messages) {
    for (const message of messages) {
      const newer = this.#before.get(message.seq);
      this.#before.delete(message.seq);
      this.#put(newer && newer.rev > message.rev ? newer : message);
    }
  }

  /** Let go of all but the newest `keep` messages; the rest can be read again. */
  trim(/** @type {number} */ keep) {
    if (this.messages.length <= keep) return;
    this.messages = this.messages.slice(-keep);
    const { seq } = this.messages[0];
    this.notes = this.notes.filter(({ after }) => after >= seq);
  }

  /** Remember who came and went, next to the newest message; who comes back at once never left. */
  note(/** @type {User[]} */ joined, /** @type {User[]} */ left) {
    const after = this.newest?.seq ?? 0;
    const last = this.notes.at(-1);
    const note = last?.after === after ? last : { after, joined: [], left: [] };
    const gone = note.left.filter((user) => joined.some(({ id }) => id === user.id));
    const passed = note.joined.filter((user) => left.some(({ id }) => id === user.id));
    note.joined = union(without(note.joined, passed), without(joined, gone));
    note.left = union(without(note.left, gone), without(left, passed));
    this.notes = this.notes.filter((each) => each !== note);
    if (note.joined.length || note.left.length) this.notes.push(note);
  }

  /** The newest message of `sender` that can still be edited. */
  lastOf(/** @type {number} */ sender) {
    return this.messages.findLast((message) => message.sender.id === sender && !message.deleted) ?? null;
  }

  #put(/** @type {Message} */ message) {
    const index = this.#place(message.seq);
    const known = this.messages[index];
    if (known?.seq !== message.seq) this.messages.splice(index, 0, message);
    else if (known.rev < message.rev) this.messages[index] = message;
    else return false;
    return true;
  }

  /** Where `seq` is or belongs; looked for from the end, where nearly everything happens. */
  #place(/** @type {number} */ seq) {
    let index = this.messages.length;
    while (index > 0 && this.messages[index - 1].seq >= seq) index -= 1;
    return index;
  }
}

const without = (/** @type {User[]} */ users, /** @type {User[]} */ those) =>
  users.filter(({ id }) => !those.some((each) => each.id === id));

const union = (/** @type {User[]} */ users, /** @type {User[]} */ more) => [...users, ...without(more, users)];
