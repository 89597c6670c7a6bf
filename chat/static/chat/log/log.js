/**
 * A client's copy of one room: an unbroken run of its messages, and the changes applied so far.
 *
 * @typedef {import("realtime/people.js").User} User
 * @typedef {{seq: number, rev: number, sender: User, text: string, deleted: boolean}} Quote what a reply answers, after change `rev`
 * @typedef {{room: string, rev: number, seq: number, id: string, sender: User, body: string, html: string,
 *   at: string, edited_at: string | null, deleted: boolean, reply_to: number | null, quote?: Quote,
 *   reactions: Record<string, number[]>, kind: "text" | "alert", alert?: import("./alert-card.js").Alert}} Message a message's whole state after change `rev`
 * @typedef {{rev: number, seq: number, messages: Message[]}} Page  messages in order of seq, read when the room was at `rev` and `seq`
 * @typedef {{after: number, joined: User[], left: User[]}} Note who came and went, seen live, after message `after`
 */

/** When more changes than this were missed, start again with the newest messages instead of reading all changes. */
const FAR_BEHIND = 1000;
/** How many states of messages outside the run are remembered. */
const BESIDE = 1000;
const NOTES = 200;
/** The length of a quote, as on the server. */
const QUOTE = 140;

/**
 * Invariants: `messages` is a run of seqs without gaps. Messages in it and in `#beside` are in their state after change
 * `place`, or newer. For all other messages, no change after `#forgotten` has been received.
 */
export class RoomLog {
  constructor() {
    /** @type {number | null} the highest rev applied; null before the first page, and when the log must start again */
    this.place = null;
    /** The room's newest seq, as far as is known. */
    this.head = 0;
    /** @type {Message[]} in order of seq, without gaps */
    this.messages = [];
    this.complete = false;
    /** @type {Note[]} in order of `after` */
    this.notes = [];
    /** @type {Map<number, Message>} newest states of messages outside the run, the most recent at the end */
    this.#beside = new Map();
    this.#forgotten = 0;
    this.#wasBehind = false;
  }

  #beside;
  #forgotten;
  #wasBehind;

  get newest() {
    return this.messages.at(-1) ?? null;
  }

  get oldest() {
    return this.messages[0] ?? null;
  }

  /** Whether the room has messages before the run: seqs begin at 1. */
  get hasOlder() {
    return (this.oldest?.seq ?? 1) > 1;
  }

  /** Whether the room has messages after the run; while the log catches up, the former answer. */
  get hasNewer() {
    return this.complete ? (this.newest?.seq ?? 0) < this.head : this.#wasBehind;
  }

  /** @returns {Message | undefined} */
  at(/** @type {number} */ seq) {
    return this.messages.length ? this.messages[seq - this.messages[0].seq] : undefined;
  }

  /** Message `seq` in its newest state, also outside the run; undefined when unknown. */
  known(/** @type {number} */ seq) {
    return this.at(seq) ?? this.#beside.get(seq);
  }

  /** The notes that belong between the messages of the run. */
  get notesShown() {
    const { oldest, newest } = this;
    if (!oldest || !newest) return this.notes;
    const first = this.hasOlder ? oldest.seq : 0;
    return this.notes.filter(({ after }) => after >= first && (after < newest.seq || !this.hasNewer));
  }

  /**
   * Take the page of `joined`. Returns false when too much was missed: then join again without `after`.
   * @param {Page & {complete: boolean}} page
   */
  take({ rev, seq, messages, complete }) {
    if (this.place !== null && !complete && rev - this.place > FAR_BEHIND) {
      this.place = null;
      return false;
    }
    if (!complete) this.#wasBehind = this.hasNewer;
    this.complete = complete;
    if (this.place === null) this.#begin(messages, rev);
    else for (const message of messages) this.apply(message);
    this.head = Math.max(this.head, seq);
    if (complete) this.place = Math.max(this.place ?? 0, rev);
    return true;
  }

  /** Take one change. Late and repeated ones have no effect. Returns whether the run changed. */
  apply(/** @type {Message} */ message) {
    this.place = Math.max(this.place ?? 0, message.rev);
    const known = this.known(message.seq);
    const isNew = message.seq > this.head;
    this.head = Math.max(this.head, message.seq);
    if (!isNew) this.#renewQuotes(message);
    if (known && known.rev >= message.rev) return false;
    const { length } = this.messages;
    const index = length ? message.seq - this.messages[0].seq : message.seq - 1;
    const current = this.#quoting(message);
    if (index >= 0 && index < length) this.messages[index] = current;
    else if (index === length) this.messages.push(current);
    else this.#remember(current);
    this.#absorb();
    return index >= 0 && index <= length;
  }

  /**
   * Take a page next to the run. Returns false, without a change, when it is not next to the run or may be out of
   * date.
   */
  extend(/** @type {Page} */ { rev, seq, messages }) {
    const { oldest, newest } = this;
    if (!oldest || !newest || !isRun(messages) || rev < this.#forgotten) return false;
    const [first, last] = [messages[0].seq, messages[messages.length - 1].seq];
    if (first > newest.seq + 1 || last < oldest.seq - 1) return false;
    const before = messages.slice(0, Math.max(0, oldest.seq - first));
    const within = messages.filter((message) => message.seq >= oldest.seq && message.seq <= newest.seq);
    const after = messages.filter((message) => message.seq > newest.seq);
    for (const message of within) if (message.rev > (this.at(message.seq)?.rev ?? 0)) this.#set(message);
    this.messages = [...before.map(this.#newestOf), ...this.messages, ...after.map(this.#newestOf)];
    this.#taken(seq);
    return true;
  }

  /**
   * Go to another part of the room: `page` becomes the run, or extends it when it is next to it. False as in `extend`.
   */
  replace(/** @type {Page} */ page) {
    if (this.extend(page)) return true;
    if (!isRun(page.messages) || page.rev < this.#forgotten) return false;
    // The quotes that the old run knows are lost with it.
    const messages = page.messages.map(this.#newestOf).map(this.#quoting);
    this.#letGo(this.messages);
    this.messages = messages;
    this.#taken(page.seq);
    return true;
  }

  /** Somebody has a new name, also in earlier messages. */
  rename(/** @type {User} */ user) {
    const renamed = (/** @type {Message} */ message) => {
      const sender = message.sender.id === user.id ? user : message.sender;
      const quote = message.quote?.sender.id === user.id ? { ...message.quote, sender: user } : message.quote;
      return { ...message, sender, ...(quote && { quote }) };
    };
    this.messages = this.messages.map(renamed);
    for (const [seq, message] of this.#beside) this.#beside.set(seq, renamed(message));
  }

  /** Drop the oldest messages except `keep`; they can be read again. */
  dropOldest(/** @type {number} */ keep) {
    this.#letGo(this.messages.splice(0, Math.max(0, this.messages.length - keep)));
  }

  /** Drop the newest messages of the run except `keep`. */
  dropNewest(/** @type {number} */ keep) {
    this.#letGo(this.messages.splice(keep));
  }

  /** Note who came and went after the newest message. Somebody who comes back at once never left. */
  note(/** @type {User[]} */ joined, /** @type {User[]} */ left) {
    const after = this.head;
    const last = this.notes.at(-1);
    const note = last?.after === after ? last : { after, joined: [], left: [] };
    const gone = note.left.filter((user) => joined.some(({ id }) => id === user.id));
    const passed = note.joined.filter((user) => left.some(({ id }) => id === user.id));
    note.joined = union(without(note.joined, passed), without(joined, gone));
    note.left = union(without(note.left, gone), without(left, passed));
    this.notes = this.notes.filter((each) => each !== note);
    if (note.joined.length || note.left.length) this.notes.push(note);
    this.notes = this.notes.slice(-NOTES);
  }

  /** The newest message of `sender` that can be edited; none while the room's newest messages are not loaded. */
  lastOf(/** @type {number} */ sender) {
    if (this.hasNewer) return null;
    return this.messages.findLast((message) => message.sender.id === sender && !message.deleted) ?? null;
  }

  /** How many messages after `seq` are by others than `me` and not deleted. Unknown messages count. */
  newerThan(/** @type {number} */ seq, /** @type {number} */ me) {
    let count = 0;
    for (let each = seq + 1; each <= this.head; each += 1) {
      const message = this.known(each);
      if (!message || (!message.deleted && message.sender.id !== me)) count += 1;
    }
    return count;
  }

  #begin(/** @type {Message[]} */ messages, /** @type {number} */ rev) {
    this.#beside.clear();
    this.notes = [];
    this.#forgotten = rev;
    // While the server fills a gap of its own, the newest page may lack a message that is about to come.
    const start = messages.findLastIndex(({ seq }, index) => index === 0 || messages[index - 1].seq !== seq - 1);
    this.messages = messages.slice(Math.max(0, start));
    for (const message of messages.slice(0, Math.max(0, start))) this.#remember(message);
  }

  /** After a page: append messages that came meanwhile, and renew the quotes that it makes known. */
  #taken(/** @type {number} */ seq) {
    this.head = Math.max(this.head, seq, this.newest?.seq ?? 0);
    this.#absorb();
    this.messages = this.messages.map(this.#quoting);
  }

  #absorb() {
    for (;;) {
      const next = this.messages.length ? this.#beside.get(this.messages[this.messages.length - 1].seq + 1) : undefined;
      if (!next) return;
      this.#beside.delete(next.seq);
      this.messages.push(next);
    }
  }

  #set(/** @type {Message} */ message) {
    this.messages[message.seq - this.messages[0].seq] = message;
  }

  /** Move a message of a page into the run, in the newer state if one came before the page. */
  #newestOf = (/** @type {Message} */ message) => {
    const heard = this.#beside.get(message.seq);
    this.#beside.delete(message.seq);
    return heard && heard.rev > message.rev ? heard : message;
  };

  #remember(/** @type {Message} */ message) {
    this.#beside.delete(message.seq);
    this.#beside.set(message.seq, message);
    for (const [seq, oldest] of this.#beside) {
      if (this.#beside.size <= BESIDE) return;
      this.#beside.delete(seq);
      this.#letGo([oldest]);
    }
  }

  #letGo(/** @type {Message[]} */ messages) {
    for (const { rev } of messages) this.#forgotten = Math.max(this.#forgotten, rev);
  }

  /** The message, with the newest known quote of what it answers. */
  #quoting = (/** @type {Message} */ message) => {
    const answered = message.reply_to === null ? undefined : this.known(message.reply_to);
    if (!answered || answered.rev <= (message.quote?.rev ?? 0)) return message;
    return { ...message, quote: quoteOf(answered) };
  };

  /** `answered` has changed: renew the quotes in its answers. */
  #renewQuotes(/** @type {Message} */ answered) {
    const isOld = (/** @type {Message} */ { reply_to: to, quote }) => to === answered.seq && (quote?.rev ?? 0) < answered.rev;
    const quote = quoteOf(answered);
    for (const message of this.messages) if (isOld(message)) this.#set({ ...message, quote });
    for (const [seq, message] of this.#beside) if (isOld(message)) this.#beside.set(seq, { ...message, quote });
  }
}

/** The quote beside an answer to `message`. @returns {Quote} */
export function quoteOf(/** @type {Message} */ { seq, rev, sender, body, deleted }) {
  return { seq, rev, sender, deleted, text: deleted ? "" : body.trim().split(/\s+/).join(" ").slice(0, QUOTE) };
}

const isRun = (/** @type {Message[]} */ messages) =>
  messages.length > 0 && messages.every(({ seq }, index) => seq === messages[0].seq + index);

const without = (/** @type {User[]} */ users, /** @type {User[]} */ those) =>
  users.filter(({ id }) => !those.some((each) => each.id === id));

const union = (/** @type {User[]} */ users, /** @type {User[]} */ more) => [...users, ...without(more, users)];
