import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { keepReporting } from "boards/full/reporting.js";
import { pretend } from "../../pages.js";

/** @type {any[]} */
let sent;
/** @type {(() => void)[]} frames that the browser has yet to paint */
let frames;
let now = 0;
let live = () => {};
let restore = () => {};

const socket = /** @type {any} */ ({
  send: (/** @type {object} */ command) => sent.push(command),
  onLive: (/** @type {() => void} */ listener) => (live = listener),
});
const paint = () => frames.splice(0).forEach((frame) => frame());

beforeEach(() => {
  [sent, frames, now] = [[], [], 1000];
  mock.timers.enable({ apis: ["setInterval"] });
  restore = pretend({ requestAnimationFrame: (/** @type {() => void} */ frame) => frames.push(frame), performance: { now: () => now } });
});
afterEach(() => {
  restore();
  mock.timers.reset();
});

test("a screen reports with each connection, and every fifteen seconds", () => {
  keepReporting(socket, "b1", () => "sales");
  assert.deepEqual(sent, []);
  live();
  assert.deepEqual(sent, [{ type: "report", board: "sales", build: "b1", painted: 0 }]);
  mock.timers.tick(14_999);
  assert.equal(sent.length, 1);
  mock.timers.tick(1);
  assert.equal(sent.length, 2);
});

test("it says when the browser has painted last, in seconds", () => {
  const report = keepReporting(socket, "b1", () => "sales");
  now = 3000;
  report();
  paint();
  now = 4500;
  report();
  now = 9000; // nothing is painted any more
  report();
  assert.deepEqual(sent.map(({ painted }) => painted), [2, 1.5, 6]);
});

test("it names what is shown at that moment", () => {
  let shown = "sales";
  const report = keepReporting(socket, "b1", () => shown);
  report();
  shown = "";
  report();
  assert.deepEqual(sent.map(({ board }) => board), ["sales", ""]);
});
