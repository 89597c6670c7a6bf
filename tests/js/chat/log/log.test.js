import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { RoomLog } from "chat/log/log.js";
import { ADA, BO, GRACE, LIN, said, saidAll } from "../../messages.js";

/** @type {RoomLog} */
let log;
const page = (/** @type {import("chat/log/log.js").Message[]} */ messages, rev = 60, seq = 60) => ({ messages, rev, seq });
const seqs = () => log.messages.map(({ seq }) => seq);
const bodies = () => log.messages.map(({ body }) => body);

beforeEach(() => {
  log = new RoomLog();
});

test("the first page sets the place to the room's rev", () => {
  log.take({ rev: 130, seq: 97, messages: saidAll(95, 97), complete: true });
  assert.deepEqual(seqs(), [95, 96, 97]);
  assert.equal(log.place, 130);
  assert.ok(log.hasOlder);
});

test("an empty room has a place too", () => {
  log.take({ rev: 0, seq: 0, messages: [], complete: true });
  assert.equal(log.place, 0);
  assert.equal(log.hasOlder, false);
});

test("a resume in pages goes on from the last rev received", () => {
  log.take({ rev: 3, seq: 3, messages: saidAll(1, 3), complete: true });
  log.take({ rev: 9, seq: 8, messages: saidAll(4, 6), complete: false });
  assert.equal(log.place, 6);
  assert.equal(log.complete, false);
  log.take({ rev: 9, seq: 8, messages: [said(7), said(8), said(2, { rev: 9, body: "edited" })], complete: true });
  assert.deepEqual(seqs(), [1, 2, 3, 4, 5, 6, 7, 8]);
  assert.equal(log.at(2)?.body, "edited");
  assert.equal(log.place, 9);
});

test("the same change twice, or an older one late, changes nothing", () => {
  log.take({ rev: 2, seq: 2, messages: saidAll(1, 2), complete: true });
  assert.equal(log.apply(said(2, { rev: 3, body: "edited" })), true);
  assert.equal(log.apply(said(2, { rev: 3, body: "edited" })), false);
  assert.equal(log.apply(said(2, { rev: 2 })), false);
  assert.deepEqual(bodies(), ["text 1", "edited"]);
});

test("a change to a message before the shown ones makes no hole, and is not lost when that is read", () => {
  log.take({ rev: 60, seq: 60, messages: saidAll(51, 60), complete: true });
  log.apply(said(49, { rev: 61, body: "edited" }));
  assert.equal(log.oldest?.seq, 51);
  assert.equal(log.place, 61);
  assert.ok(log.extend(page(saidAll(41, 50))));
  assert.equal(log.at(49)?.body, "edited");
  assert.deepEqual(seqs().slice(0, 2), [41, 42]);
  assert.ok(log.extend(page(saidAll(1, 40))));
  assert.equal(log.hasOlder, false);
});

test("an older page that was read after the change wins", () => {
  log.take({ rev: 60, seq: 60, messages: saidAll(51, 60), complete: true });
  log.apply(said(49, { rev: 61, body: "edited" }));
  log.extend(page([said(49, { rev: 62, body: "edited twice" }), said(50)], 62));
  assert.equal(log.at(49)?.body, "edited twice");
});

test("after a very long absence the log starts again at the newest messages", () => {
  log.take({ rev: 10, seq: 10, messages: saidAll(1, 10), complete: true });
  assert.equal(log.take({ rev: 5000, seq: 5000, messages: saidAll(11, 210), complete: false }), false);
  assert.equal(log.place, null);
  assert.ok(log.take({ rev: 5000, seq: 5000, messages: saidAll(4951, 5000), complete: true }));
  assert.deepEqual([log.oldest?.seq, log.newest?.seq], [4951, 5000]);
});

test("what is let go can be read again", () => {
  log.take({ rev: 9, seq: 9, messages: saidAll(1, 9), complete: true });
  log.dropOldest(3);
  assert.deepEqual(seqs(), [7, 8, 9]);
  log.apply(said(5, { rev: 10, body: "edited" }));
  log.extend(page(saidAll(4, 6), 9, 9));
  assert.equal(log.at(5)?.body, "edited");
});

test("older messages that come after a trim are not put beside a hole", () => {
  log.take({ rev: 900, seq: 900, messages: saidAll(251, 900), complete: true });
  log.dropOldest(300);
  assert.equal(log.extend(page(saidAll(201, 250), 900, 900)), false);
  assert.deepEqual([log.oldest?.seq, log.newest?.seq], [601, 900]);
  assert.ok(log.extend(page(saidAll(551, 600), 900, 900)));
  assert.deepEqual(seqs(), saidAll(551, 900).map(({ seq }) => seq));
});

test("elsewhere in the room, what comes is counted and not shown; back at the end it follows", () => {
  log.take({ rev: 900, seq: 900, messages: saidAll(851, 900), complete: true });
  assert.ok(log.replace(page(saidAll(176, 225), 900, 900)));
  assert.deepEqual([log.oldest?.seq, log.newest?.seq, log.hasOlder, log.hasNewer], [176, 225, true, true]);
  log.apply(said(901));
  log.apply(said(902, { sender: ADA }));
  log.apply(said(903, { deleted: true }));
  assert.equal(log.newest?.seq, 225);
  assert.equal(log.newerThan(900, ADA.id), 1);
  assert.ok(log.replace(page(saidAll(851, 900), 900, 900)), "a page that lacks what came since");
  assert.equal(log.newest?.seq, 903);
  assert.equal(log.hasNewer, false);
  log.apply(said(904));
  assert.equal(log.newest?.seq, 904);
});

test("a page from before a change that was let go is refused", () => {
  log.take({ rev: 60, seq: 60, messages: saidAll(11, 60), complete: true });
  log.apply(said(12, { rev: 61, body: "edited" }));
  log.dropOldest(20);
  assert.equal(log.extend(page(saidAll(11, 40), 60)), false);
  assert.equal(log.replace(page(saidAll(1, 20), 60)), false);
  assert.ok(log.extend(page([...saidAll(11, 40)], 61)));
});

test("a part of the room that was left for another is not shown from before its changes", () => {
  log.take({ rev: 60, seq: 60, messages: saidAll(51, 60), complete: true });
  log.apply(said(52, { rev: 61, body: "edited" }));
  assert.ok(log.replace(page(saidAll(1, 10), 61)));
  assert.equal(log.replace(page(saidAll(51, 60), 60)), false);
});

test("the newest page can lack a message that is just coming: no hole meanwhile", () => {
  log.take({ rev: 3, seq: 3, messages: [said(1), said(3)], complete: true });
  assert.deepEqual(seqs(), [3]);
  log.extend(page([said(1), said(2, { rev: 4 })], 4, 3));
  assert.deepEqual(seqs(), [1, 2, 3]);
});

test("a live message that overtakes another waits for it", () => {
  log.take({ rev: 1, seq: 1, messages: [said(1)], complete: true });
  log.apply(said(3));
  assert.deepEqual(seqs(), [1]);
  log.apply(said(2, { rev: 4 }));
  assert.deepEqual(seqs(), [1, 2, 3]);
});

test("an answer quotes what it answers as that is now", () => {
  const quote = { seq: 7, rev: 7, sender: ADA, text: "text 7", deleted: false };
  const answer = said(59, { reply_to: 7, quote });
  log.take({ rev: 60, seq: 60, messages: [...saidAll(51, 58), answer, said(60)], complete: true });
  assert.equal(log.at(59)?.quote?.text, "text 7");
  log.apply(said(7, { rev: 61, body: "edited\n\nnow" }));
  assert.equal(log.at(59)?.quote?.text, "edited now");
  log.apply(said(7, { rev: 62, body: "", deleted: true }));
  assert.deepEqual([log.at(59)?.quote?.text, log.at(59)?.quote?.deleted], ["", true]);
  // An answer that was written down earlier, and comes now.
  log.extend(page([...saidAll(40, 49), said(50, { reply_to: 7, quote })], 60));
  assert.ok(log.at(50)?.quote?.deleted);
});

test("who comes and goes is noted after the newest message, together", () => {
  log.take({ rev: 1, seq: 1, messages: saidAll(1, 1), complete: true });
  log.note([BO], []);
  log.note([LIN], []);
  log.apply(said(2));
  log.note([], [BO]);
  assert.deepEqual(log.notes, [
    { after: 1, joined: [BO, LIN], left: [] },
    { after: 2, joined: [], left: [BO] },
  ]);
});

test("a new name stands at what was said before, and at what quotes it", () => {
  const quote = { seq: 1, rev: 1, sender: GRACE, text: "text 1", deleted: false };
  log.take({ rev: 2, seq: 2, messages: [said(1), said(2, { sender: BO, reply_to: 1, quote })], complete: true });
  log.rename({ ...GRACE, name: "Gracia" });
  assert.deepEqual([log.at(1)?.sender.name, log.at(2)?.sender.name, log.at(2)?.quote?.sender.name], ["Gracia", "Bo", "Gracia"]);
});

test("notes are shown beside the messages that are", () => {
  log.note([BO], []);
  log.take({ rev: 60, seq: 60, messages: saidAll(51, 60), complete: true });
  log.note([LIN], []);
  assert.deepEqual(log.notesShown.map(({ after }) => after), [60]);
  log.replace(page(saidAll(1, 10)));
  assert.deepEqual(log.notesShown, []);
  const fresh = new RoomLog();
  fresh.take({ rev: 0, seq: 0, messages: [], complete: true });
  fresh.note([BO], []);
  fresh.apply(said(1));
  assert.deepEqual(fresh.notesShown.map(({ after }) => after), [0]);
});

test("who only passed through, or was back at once, is not worth a line", () => {
  log.note([BO], []);
  log.note([], [BO]);
  assert.deepEqual(log.notes, []);
  log.note([], [LIN]);
  log.note([LIN], []);
  assert.deepEqual(log.notes, []);
});

test("the last message of one's own is the one to edit, unless it was deleted", () => {
  const messages = [said(1, { sender: ADA }), said(2, { sender: ADA, deleted: true }), said(3)];
  log.take({ rev: 3, seq: 3, messages, complete: true });
  assert.equal(log.lastOf(ADA.id)?.seq, 1);
  assert.equal(log.lastOf(BO.id), null);
});

test("a page that is open for weeks forgets old notes", () => {
  log.take({ rev: 0, seq: 0, messages: [], complete: true });
  for (let seq = 1; seq <= 250; seq += 1) {
    log.apply(said(seq));
    log.note([BO], []);
  }
  assert.deepEqual([log.notes.length, log.notes[0].after], [200, 51]);
});
