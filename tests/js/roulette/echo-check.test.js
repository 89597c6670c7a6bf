import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { checkConnection } from "roulette/echo-check.js";
import { FakePage, FakeWebSocket } from "../fakes.js";
import { pretend } from "../pages.js";

let now = 0;
let restore = () => {};
const line = () => FakeWebSocket.newest;

beforeEach(() => {
  FakeWebSocket.lines = [];
  now = 1000;
  mock.timers.enable({ apis: ["setTimeout"] });
  restore = pretend({ WebSocket: FakeWebSocket, location: new FakePage().location, performance: { now: () => now } });
});
afterEach(() => {
  restore();
  mock.timers.reset();
});

test("the time there and back is measured, and the line is given up", async () => {
  const checked = checkConnection();
  assert.equal(line().address, "wss://chat.example/ws/echo/");
  line().hello();
  assert.deepEqual(line().sent, [{ type: "check" }]);
  now += 42;
  line().give({ type: "echo" });
  assert.equal(await checked, 42);
  assert.equal(line().hungUp, true);
});

test("the wait for the connection is no part of it", async () => {
  const checked = checkConnection();
  now += 3000;
  line().hello();
  now += 5;
  line().give({ type: "echo" });
  assert.equal(await checked, 5);
});

test("a server that does not echo within six seconds is given up", async () => {
  const checked = checkConnection();
  line().hello();
  mock.timers.tick(6000);
  await assert.rejects(checked, /No echo/);
  assert.equal(line().hungUp, true);
  mock.timers.tick(60_000);
  assert.equal(FakeWebSocket.lines.length, 1);
});
