/** The rows of a log, grouped by day and sender. Pure. */
import { dayKey, dayLabel } from "web/time.js";

/**
 * @typedef {import("./log.js").Message} Message
 * @typedef {import("./log.js").Note} Note
 * @typedef {import("../outbox/outbox.js").Entry} Entry
 * @typedef {{kind: "day", key: string, label: string}
 *   | {kind: "line", key: string}
 *   | {kind: "note", key: string, text: string}
 *   | {kind: "message", key: string, message: Message, first: boolean}
 *   | {kind: "pending", key: string, entry: Entry, first: boolean}} Row  `first`: with sender and time above
 */

/** Messages of one sender form a group until this much time has passed. */
const GROUP_MS = 5 * 60 * 1000;

/**
 * @param {{messages: Message[], notes: Note[], entries: Entry[], me: number, line: number | null, now: number}} known
 *   entries: unsent messages, oldest first; line: the divider, the seq after which everything is new to the reader
 * @returns {Row[]}
 */
export function rows({ messages, notes, entries, me, line, now }) {
  const found = /** @type {Row[]} */ ([]);
  /** @type {{sender: number, at: number, kind: string} | null} */
  let last = null;
  let lastDay = "";
  const turn = (/** @type {Row} */ row) => {
    found.push(row);
    last = null;
  };
  const waiting = [...notes];
  const begin = (/** @type {number} */ at) => {
    const day = dayKey(at);
    if (day !== lastDay) turn({ kind: "day", key: `day ${day}`, label: dayLabel(at, now) });
    lastDay = day;
  };
  const isFirst = (/** @type {number} */ sender, /** @type {number} */ at, /** @type {string} */ kind) => {
    const first = last?.sender !== sender || at - last.at > GROUP_MS || last.kind !== kind || kind === "alert";
    last = { sender, at, kind };
    return first;
  };
  let lined = line === null;
  for (const message of messages) {
    while (waiting.length && waiting[0].after < message.seq) turn(noteRow(/** @type {Note} */ (waiting.shift())));
    const at = Date.parse(message.at);
    begin(at);
    if (!lined && message.seq > /** @type {number} */ (line)) {
      lined = true;
      // The reader's own messages are not news, but news may follow them.
      if (messages.some(({ seq, sender }) => seq >= message.seq && sender.id !== me)) turn({ kind: "line", key: "line" });
    }
    const first = isFirst(message.sender.id, at, message.kind) || message.reply_to !== null;
    found.push({ kind: "message", key: `message ${message.seq}`, message, first });
  }
  for (const note of waiting) turn(noteRow(note));
  for (const entry of entries) {
    begin(entry.at);
    const first = isFirst(me, entry.at, "text") || entry.replyTo !== null;
    found.push({ kind: "pending", key: `pending ${entry.id}`, entry, first });
  }
  return found;
}

/** @returns {Row} */
function noteRow(/** @type {Note} */ note) {
  return { kind: "note", key: `note ${note.after}`, text: noteText(note) };
}

/** One short line however many come and go: "Bo joined · Grace left", "3 people came, 2 left". */
function noteText(/** @type {Note} */ { joined, left }) {
  const [came, gone] = [joined.length, left.length];
  const some = (/** @type {number} */ count) => (count === 1 ? "1 person" : `${count} people`);
  if (came > 1 && gone) return `${some(came)} came, ${gone} left`;
  if (came > 1) return `${some(came)} came`;
  if (gone > 1) return came ? `1 person came, ${gone} left` : `${some(gone)} left`;
  return [came ? `${joined[0].name} joined` : "", gone ? `${left[0].name} left` : ""].filter(Boolean).join(" · ");
}

/** "Bo", "Bo and Lin", "Bo, Lin and 3 others" */
export function names(/** @type {{name: string}[]} */ users) {
  const all = users.map(({ name }) => name);
  if (all.length > 3) return `${all[0]}, ${all[1]} and ${all.length - 2} others`;
  return all.length > 1 ? `${all.slice(0, -1).join(", ")} and ${all.at(-1)}` : (all[0] ?? "");
}
