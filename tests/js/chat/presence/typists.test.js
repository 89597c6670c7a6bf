import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Typists } from "chat/presence/typists.js";
import { BO, GRACE } from "../../messages.js";
import { FakeTime } from "../../fakes.js";

/** @type {FakeTime} */
let time;
/** @type {Typists} */
let typists;
let told = 0;

beforeEach(() => {
  time = new FakeTime();
  told = 0;
  typists = new Typists({ timers: time, tell: () => (told += 1) });
});

const names = () => typists.users.map(({ name }) => name);

test("somebody types until six seconds have passed since the last key", () => {
  typists.heard(BO);
  time.pass(5);
  typists.heard(BO);
  typists.heard(GRACE);
  time.pass(5);
  assert.deepEqual(names(), [BO.name, GRACE.name]);
  time.pass(1);
  assert.deepEqual([names(), told], [[], 2]);
});

test("who has sent a message types no more", () => {
  typists.heard(BO);
  typists.stop(BO.id);
  time.pass(10);
  assert.deepEqual([names(), told], [[], 0]);
});

test("a new name shows at once", () => {
  typists.heard(BO);
  typists.rename({ ...BO, name: "Boris" });
  typists.rename({ ...GRACE, name: "Admiral" });
  assert.deepEqual(names(), ["Boris"]);
});

test("when another room is shown, nobody types and no timer is left", () => {
  typists.heard(BO);
  typists.heard(GRACE);
  typists.clear();
  assert.deepEqual([names(), time.timers.size], [[], 0]);
});
