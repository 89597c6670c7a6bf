import assert from "node:assert/strict";
import { test } from "node:test";

process.env.TZ = "UTC";
const { names, rows } = await import("chat/log/rows.js");
const { ADA, BO, GRACE, LIN, said } = await import("../../messages.js");

const NOW = Date.UTC(2026, 10, 20, 13);
const at = (/** @type {number} */ hour, /** @type {number} */ minute, day = 20) =>
  new Date(Date.UTC(2026, 10, day, hour, minute)).toISOString();

/** @param {Partial<Parameters<typeof rows>[0]>} known */
const look = (known) => rows({ messages: [], notes: [], entries: [], me: ADA.id, line: null, now: NOW, ...known });

/** Rows as words: "day", "line", "note …", seqs, with ^ for those with a sender above. */
const sketch = (/** @type {Partial<Parameters<typeof rows>[0]>} */ known) =>
  look(known).map((row) => {
    if (row.kind === "message") return `${row.first ? "^" : ""}${row.message.seq}`;
    if (row.kind === "pending") return `${row.first ? "^" : ""}${row.entry.body}`;
    if (row.kind === "note") return `note ${row.text}`;
    return row.kind === "day" ? row.label : row.kind;
  });

/** @returns {import("chat/outbox/outbox.js").Entry} */
const unsent = (/** @type {string} */ body, minute = 30) => ({
  id: body,
  user: ADA.id,
  room: "lobby",
  body,
  replyTo: null,
  at: Date.UTC(2026, 10, 20, 12, minute),
  state: "queued",
  reason: "",
  seq: null,
});

test("messages of one sender stand together until five minutes have passed", () => {
  const messages = [
    said(1, { at: at(12, 0) }),
    said(2, { at: at(12, 4) }),
    said(3, { at: at(12, 10) }),
    said(4, { at: at(12, 11), sender: BO }),
  ];
  assert.deepEqual(sketch({ messages }), ["Today", "^1", "2", "^3", "^4"]);
});

test("each day begins with its name", () => {
  const messages = [said(1, { at: at(23, 59, 19) }), said(2, { at: at(0, 1) })];
  assert.deepEqual(sketch({ messages }), ["Yesterday", "^1", "Today", "^2"]);
});

test("the line stands before the first message that is new", () => {
  const messages = [said(1), said(2), said(3)];
  assert.deepEqual(sketch({ messages, line: 1 }), ["Today", "^1", "line", "^2", "3"]);
  assert.deepEqual(sketch({ messages, line: 3 }), ["Today", "^1", "2", "3"]);
});

test("what one wrote oneself is no news", () => {
  const messages = [said(1), said(2, { sender: ADA })];
  assert.deepEqual(sketch({ messages, line: 1 }), ["Today", "^1", "^2"]);
});

test("arrivals and departures stand where they were seen", () => {
  const notes = [
    { after: 1, joined: [BO, LIN], left: [GRACE] },
    { after: 2, joined: [], left: [BO] },
  ];
  assert.deepEqual(sketch({ messages: [said(1), said(2)], notes }), [
    "Today",
    "^1",
    "note 2 people came, 1 left",
    "^2",
    "note Bo left",
  ]);
});

test("however many come and go, it is one short line", () => {
  const text = (/** @type {any[]} */ joined, /** @type {any[]} */ left) => sketch({ messages: [said(1)], notes: [{ after: 1, joined, left }] }).at(-1);
  assert.equal(text([BO], []), "note Bo joined");
  assert.equal(text([BO], [LIN]), "note Bo joined · Lin left");
  assert.equal(text([BO, LIN, ADA], [GRACE]), "note 3 people came, 1 left");
  assert.equal(text([BO, LIN], []), "note 2 people came");
  assert.equal(text([BO], [LIN, GRACE]), "note 1 person came, 2 left");
  assert.equal(text([], [LIN, GRACE]), "note 2 people left");
});

test("unsent messages come last, in the group of those sent", () => {
  const messages = [said(1, { at: at(12, 28), sender: ADA })];
  assert.deepEqual(sketch({ messages, entries: [unsent("a"), unsent("b", 50)] }), ["Today", "^1", "a", "^b"]);
});

test("an answer and an alert say whose they are", () => {
  const messages = [said(1), said(2, { reply_to: 1 }), said(3, { kind: "alert" }), said(4)];
  assert.deepEqual(sketch({ messages }), ["Today", "^1", "^2", "^3", "^4"]);
});

test("many names become a number", () => {
  assert.equal(names([BO]), "Bo");
  assert.equal(names([BO, LIN, GRACE]), "Bo, Lin and Grace");
  assert.equal(names([BO, LIN, GRACE, ADA]), "Bo, Lin and 2 others");
});
