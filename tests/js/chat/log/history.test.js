import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { History } from "chat/log/history.js";
import { RoomLog } from "chat/log/log.js";
import { saidAll } from "../../messages.js";

const LAST = 900;
/** @type {RoomLog} */
let log;
/** @type {History} */
let history;
/** @type {import("chat/log/history.js").From[]} */
let asked;
/** @type {(from: import("chat/log/history.js").From) => Promise<any>} what the server does when it is asked */
let serve;

/** A page as the server would give it. */
function page(/** @type {import("chat/log/history.js").From} */ { before, after_seq, around, limit = 50 }) {
  const from = before !== undefined ? before - limit : after_seq !== undefined ? after_seq + 1 : around !== undefined ? around - Math.floor(limit / 2) : LAST - limit + 1;
  const first = Math.max(1, from);
  return { rev: LAST, seq: LAST, messages: saidAll(first, Math.min(LAST, (before ?? Infinity) - 1, first + limit - 1)) };
}

beforeEach(() => {
  log = new RoomLog();
  log.take({ rev: LAST, seq: LAST, messages: saidAll(851, LAST), complete: true });
  asked = [];
  serve = async (from) => page(from);
  const read = (/** @type {import("chat/log/history.js").From} */ from) => (asked.push(from), serve(from));
  history = new History({ log, read, tell: () => {} });
});

const ends = () => [log.oldest?.seq, log.newest?.seq];

test("older messages are read before the oldest, a page at a time, until there are none", async () => {
  await history.loadOlder();
  assert.deepEqual(asked, [{ before: 851, limit: 50 }]);
  assert.deepEqual(ends(), [801, LAST]);
  while (log.hasOlder) await history.loadOlder();
  const { length } = asked;
  await history.loadOlder();
  assert.equal(asked.length, length);
});

test("a second wish for the same page waits for nothing", async () => {
  const first = history.loadOlder();
  const second = history.loadOlder();
  assert.equal(history.loading.has("older"), true);
  await Promise.all([first, second]);
  assert.deepEqual([asked.length, history.loading.size], [1, 0]);
});

test("so many messages are kept at most, and those far from the reader go", async () => {
  for (let times = 0; times < 13; times += 1) await history.loadOlder();
  assert.equal(log.messages.length, 600);
  assert.deepEqual([ends(), log.hasNewer], [[201, 800], true]);
  await history.loadNewer();
  assert.deepEqual(asked.at(-1), { after_seq: 800, limit: 50 });
  assert.deepEqual(ends(), [251, 850]);
});

test("a message that is not there is read with what is around it; one that is there is not read", async () => {
  await history.goTo(890);
  assert.deepEqual(asked, []);
  await history.goTo(100);
  assert.deepEqual(asked, [{ around: 100, limit: 50 }]);
  assert.ok(log.at(100));
  await history.goToNow();
  assert.deepEqual([ends(), log.hasNewer], [[851, LAST], false]);
});

test("what an earlier wish brings is dropped when the reader has gone elsewhere", async () => {
  /** @type {(() => void)[]} */
  const answers = [];
  serve = (from) => new Promise((resolve) => answers.push(() => resolve(page(from))));
  const first = history.goTo(100);
  const second = history.goTo(500);
  answers[1]();
  await second;
  answers[0]();
  await first;
  assert.ok(log.at(500));
  assert.equal(log.at(100), undefined);
});

test("a page of older messages is dropped when the run has moved meanwhile", async () => {
  let answer = () => {};
  serve = (from) => new Promise((resolve) => (answer = () => resolve(page(from))));
  const reading = history.loadOlder();
  log.replace(page({ around: 100 }));
  answer();
  await reading;
  assert.equal(log.at(840), undefined);
});

test("a page that came too late is asked for four times, and then that is said", async () => {
  serve = async (from) => ({ ...page(from), rev: 1 });
  log.extend = () => false;
  await assert.rejects(history.loadOlder(), /could not be read/);
  assert.deepEqual([asked.length, history.loading.size], [4, 0]);
});

test("a server that cannot be reached is told, and may be asked again", async () => {
  serve = async () => {
    throw new TypeError("no network");
  };
  await assert.rejects(history.goTo(5), TypeError);
  assert.equal(history.loading.size, 0);
});

test("what an answer quotes is known from the log, or asked for once", async () => {
  assert.equal(history.quote(860)?.seq, 860);
  assert.deepEqual([history.quote(5), history.quote(5)], [undefined, undefined]);
  assert.deepEqual(asked, [{ around: 5, limit: 1 }]);
  await new Promise(setImmediate);
  assert.equal(history.quote(5)?.seq, 5);
});

test("a quote that could not be read is asked for again with the next connection, one that is known is not", async () => {
  serve = async () => {
    throw new TypeError("no network");
  };
  history.quote(5);
  await new Promise(setImmediate);
  history.quote(5);
  assert.equal(asked.length, 1);
  serve = async (from) => page(from);
  history.retryQuotes();
  history.quote(5);
  await new Promise(setImmediate);
  history.retryQuotes();
  assert.equal(history.quote(5)?.seq, 5);
  assert.equal(asked.length, 2);
});
