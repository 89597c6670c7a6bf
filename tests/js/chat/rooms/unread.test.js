import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { countText, Unread } from "chat/rooms/unread.js";
import { ADA, BO, GRACE, said } from "../../messages.js";

/** @type {Unread} */
let unread;
const head = (/** @type {string} */ slug, /** @type {number} */ seq, /** @type {object} */ more = {}) =>
  unread.head(slug, { rev: seq, seq, ...more });

beforeEach(() => {
  unread = new Unread(ADA.id);
});

test("the server counts, and what comes after is added, over all rooms", () => {
  head("lobby", 10, { read: 7, unread: 2 });
  head("deploys", 2, { read: 0, unread: 2 });
  assert.deepEqual([unread.count("lobby"), unread.count("deploys"), unread.count("nowhere")], [2, 2, 0]);
  head("lobby", 12, { new: [[11, BO.id], [12, GRACE.id]] });
  assert.equal(unread.count("lobby"), 4);
  assert.equal(unread.total, 6);
});

test("late news changes nothing and tells nobody", () => {
  head("lobby", 10, { read: 10, unread: 0 });
  const told = /** @type {string[]} */ ([]);
  unread.onChange((slug) => told.push(slug));
  head("lobby", 9, { read: 3, unread: 4 });
  head("lobby", 10);
  unread.read("lobby", 3);
  assert.equal(unread.count("lobby"), 0);
  assert.deepEqual(told, []);
});

test("a count from before one has read is not believed", () => {
  head("lobby", 10, { read: 4, unread: 6 });
  unread.read("lobby", 10);
  head("lobby", 10, { read: 4, unread: 6 });
  assert.equal(unread.count("lobby"), 0);
});

test("one's own messages count for nothing, from any device", () => {
  head("lobby", 10, { read: 10, unread: 0 });
  head("lobby", 12, { new: [[11, ADA.id], [12, BO.id]] });
  assert.equal(unread.count("lobby"), 1);
  unread.message(said(13, { sender: ADA }));
  assert.equal(unread.count("lobby"), 1);
});

test("what is deleted counts no longer, and is taken off once", () => {
  head("lobby", 12, { read: 10, unread: 2 });
  unread.head("lobby", { rev: 13, seq: 12, gone: [[12, BO.id]] });
  unread.message(said(12, { rev: 13, deleted: true, sender: BO }));
  assert.equal(unread.count("lobby"), 1);
  unread.head("lobby", { rev: 15, seq: 12, gone: [[3, BO.id], [5, ADA.id]] });
  assert.equal(unread.count("lobby"), 1);
  unread.message(said(11, { rev: 16, deleted: true, sender: BO }));
  assert.equal(unread.count("lobby"), 0);
  unread.head("lobby", { rev: 18, seq: 13, new: [[13, BO.id]], gone: [[13, BO.id]] });
  assert.equal(unread.count("lobby"), 0);
});

test("an edit is nothing new", () => {
  head("lobby", 10, { read: 9, unread: 1 });
  unread.message(said(4, { rev: 11, sender: BO }));
  unread.head("lobby", { rev: 12, seq: 10 });
  assert.equal(unread.count("lobby"), 1);
});

test("what the wire kept to itself counts until the server has counted", () => {
  head("lobby", 10, { read: 10, unread: 0 });
  head("lobby", 14, { new: [[14, BO.id]] });
  assert.equal(unread.count("lobby"), 4);
  head("lobby", 14, { read: 10, unread: 2 });
  assert.equal(unread.count("lobby"), 2);
});

test("one may have read further than the head that is known here", () => {
  head("lobby", 10, { read: 8, unread: 2 });
  unread.read("lobby", 12);
  assert.equal(unread.count("lobby"), 0);
  head("lobby", 13, { new: [[11, BO.id], [12, BO.id], [13, BO.id]] });
  assert.equal(unread.count("lobby"), 1);
});

test("reading a part leaves the rest", () => {
  head("lobby", 10, { read: 0, unread: 6 });
  unread.read("lobby", 2);
  assert.equal(unread.count("lobby"), 6);
  unread.read("lobby", 7);
  assert.equal(unread.count("lobby"), 3);
  unread.read("lobby", 8, 1);
  assert.equal(unread.count("lobby"), 1);
});

test("a room one was removed from no longer counts", () => {
  head("lobby", 10, { read: 0, unread: 10 });
  unread.forget("lobby");
  assert.equal(unread.total, 0);
});

test("more than the server counts is not told as a number", () => {
  head("lobby", 500, { read: 0, unread: 100 });
  head("deploys", 40, { read: 0, unread: 3 });
  assert.deepEqual(["lobby", "deploys"].map((slug) => countText(unread.count(slug))), ["99+", "3"]);
  assert.equal(countText(unread.total), "99+");
});
