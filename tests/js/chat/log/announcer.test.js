import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Announcer } from "chat/log/announcer.js";
import { RoomLog } from "chat/log/log.js";
import { onNewDay } from "chat/log/new-day.js";
import { ADA, said, saidAll } from "../../messages.js";

/** @type {RoomLog} */
let log;
/** @type {Announcer} */
let announcer;
let told = 0;

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: new Date(2026, 10, 20, 23, 59, 30) });
  log = new RoomLog();
  told = 0;
  announcer = new Announcer(() => (told += 1));
  log.take({ rev: 10, seq: 10, messages: saidAll(1, 10), complete: true });
  announcer.hear(log, ADA.id, false);
});
afterEach(() => mock.timers.reset());

const come = (/** @type {number} */ count, sender = said(1).sender) => {
  for (let each = 0; each < count; each += 1) log.apply(said(log.head + 1, { sender }));
  announcer.hear(log, ADA.id, true);
};

test("history is not announced, a single message speaks for itself", () => {
  assert.equal(announcer.quiet, true);
  come(1);
  mock.timers.tick(5000);
  assert.deepEqual([announcer.quiet, announcer.text, told], [false, "", 0]);
});

test("many are a number, and the same number again is another announcement", () => {
  come(2);
  assert.equal(announcer.quiet, true);
  mock.timers.tick(2000);
  assert.deepEqual([announcer.text, announcer.turn], ["2 new messages", 1]);
  mock.timers.tick(60_000);
  come(2);
  mock.timers.tick(2000);
  assert.deepEqual([announcer.text, announcer.turn, told], ["2 new messages", 2, 2]);
});

test("what one says oneself, and what was deleted at once, is not announced", () => {
  come(3, ADA);
  log.apply(said(14, { deleted: true }));
  announcer.hear(log, ADA.id, true);
  mock.timers.tick(5000);
  assert.equal(told, 0);
});

test("elsewhere in the room what comes is announced as a number", () => {
  for (const each of saidAll(11, 900)) log.apply(each);
  announcer.hear(log, ADA.id, false);
  log.dropOldest(50);
  log.replace({ rev: 900, seq: 900, messages: saidAll(1, 50) });
  come(1);
  mock.timers.tick(2000);
  assert.equal(announcer.text, "1 new message");
});

test("what comes in the next talk is announced, though its numbers are lower, and nothing of the last one is", () => {
  come(2);
  announcer.begin();
  log = new RoomLog();
  log.take({ rev: 1, seq: 1, messages: saidAll(1, 1), complete: true });
  announcer.hear(log, ADA.id, false);
  mock.timers.tick(2000);
  assert.equal(announcer.text, "");
  come(3);
  mock.timers.tick(2000);
  assert.equal(announcer.text, "3 new messages");
});

test("a new day is told soon after midnight, once", () => {
  let days = 0;
  const end = onNewDay(() => (days += 1));
  mock.timers.tick(20_000);
  assert.equal(days, 0);
  mock.timers.tick(40_000);
  assert.equal(days, 1);
  mock.timers.tick(3_600_000);
  assert.equal(days, 1);
  end();
  mock.timers.tick(86_400_000);
  assert.equal(days, 1);
});
