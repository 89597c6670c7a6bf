import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { PlannedReload } from "walls/planned-reload.js";

/** @type {PlannedReload} */
let reload;
beforeEach(() => {
  reload = new PlannedReload();
});

test("nothing is due that was not planned", () => assert.equal(reload.isDue(1e12, true), false));

test("a reload waits for its time, then for a quiet moment, and happens once", () => {
  reload.plan(0, 10);
  assert.equal(reload.isDue(9_999, true), false);
  assert.equal(reload.isDue(10_000, false), false);
  assert.equal(reload.isDue(11_000, true), true);
  assert.equal(reload.isDue(12_000, true), false);
});

test("where it is never quiet it happens ten minutes later all the same", () => {
  reload.plan(0, 10);
  assert.equal(reload.isDue(609_999, false), false);
  assert.equal(reload.isDue(610_000, false), true);
});

test("a second plan does not put off the first", () => {
  reload.plan(0, 10);
  reload.plan(9_000, 10);
  assert.equal(reload.isDue(10_000, true), true);
});
