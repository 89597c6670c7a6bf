import assert from "node:assert/strict";
import { test } from "node:test";
import { ServerClock } from "realtime/clock.js";

const SERVER = Date.parse("2026-11-20T12:00:00.000Z");

test("before the server spoke, this machine's time is used", () => {
  assert.equal(new ServerClock({ local: () => 77, steady: () => 1 }).now(), 77);
});

test("the server's time goes on from what it told, whatever this machine's clock says", () => {
  let steady = 5000;
  const clock = new ServerClock({ local: () => 0, steady: () => steady });
  clock.observe("2026-11-20T12:00:00.000Z");
  steady += 1500;
  assert.equal(clock.now(), SERVER + 1500);
});

test("a delayed heartbeat does not set the clock back", () => {
  let steady = 0;
  const clock = new ServerClock({ local: () => 0, steady: () => steady });
  clock.observe("2026-11-20T12:00:00.000Z");
  steady = 25_900;
  clock.observe("2026-11-20T12:00:25.000Z");
  assert.equal(clock.now(), SERVER + 25_900);
});

test("after the machine slept the server's time counts again", () => {
  let steady = 0;
  const clock = new ServerClock({ local: () => 0, steady: () => steady });
  clock.observe("2026-11-20T12:00:00.000Z");
  steady = 1000;
  clock.observe("2026-11-20T14:00:00.000Z");
  assert.equal(clock.now(), SERVER + 7_200_000);
  steady = 2000;
  clock.observe("2026-11-20T12:00:02.000Z");
  assert.equal(clock.now(), SERVER + 2000);
});

test("nonsense is not a time", () => {
  const clock = new ServerClock({ local: () => 5, steady: () => 1 });
  clock.observe("soon");
  assert.equal(clock.now(), 5);
});
