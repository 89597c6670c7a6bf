import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { onNewDay } from "chat/log/new-day.js";

const SOON_MIDNIGHT = new Date(2026, 10, 20, 23, 59, 30).getTime(); // in the page's zone
let days = 0;

beforeEach(() => {
  days = 0;
  mock.timers.enable({ apis: ["setInterval", "Date"], now: SOON_MIDNIGHT });
});
afterEach(() => mock.timers.reset());

test("a new day is told once, within twenty seconds", () => {
  const end = onNewDay(() => (days += 1));
  mock.timers.tick(20_000);
  assert.equal(days, 0);
  mock.timers.tick(20_000);
  assert.equal(days, 1);
  mock.timers.tick(60_000);
  assert.equal(days, 1);
  end();
});

test("a machine that has slept over midnight is told, too", () => {
  const end = onNewDay(() => (days += 1));
  mock.timers.setTime(SOON_MIDNIGHT + 3 * 86_400_000);
  mock.timers.tick(20_000);
  assert.equal(days, 1);
  end();
});

test("who has ended it is told nothing", () => {
  onNewDay(() => (days += 1))();
  mock.timers.tick(86_400_000);
  assert.equal(days, 0);
});
