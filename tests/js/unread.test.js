import assert from "node:assert/strict";
import { test } from "node:test";
import { Unread } from "../../chat/static/chat/unread.js";

test("unread is the newest seq less the read one, over all rooms", () => {
  const unread = new Unread();
  unread.head("lobby", 10);
  unread.read("lobby", 7);
  unread.head("deploys", 2);
  assert.deepEqual([unread.count("lobby"), unread.count("deploys"), unread.count("nowhere")], [3, 2, 0]);
  assert.equal(unread.total, 5);
});

test("late news changes nothing and tells nobody", () => {
  const unread = new Unread();
  unread.head("lobby", 10);
  unread.read("lobby", 10);
  const told = /** @type {string[]} */ ([]);
  unread.onChange((slug) => told.push(slug));
  unread.head("lobby", 9);
  unread.read("lobby", 3);
  assert.equal(unread.count("lobby"), 0);
  assert.deepEqual(told, []);
});

test("one may have read further than the head that is known here", () => {
  const unread = new Unread();
  unread.head("lobby", 10);
  unread.read("lobby", 12);
  assert.equal(unread.count("lobby"), 0);
  unread.head("lobby", 13);
  assert.equal(unread.count("lobby"), 1);
});

test("a room one was removed from no longer counts", () => {
  const unread = new Unread();
  unread.head("lobby", 10);
  unread.forget("lobby");
  assert.equal(unread.total, 0);
});
