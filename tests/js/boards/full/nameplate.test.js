import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { flashName } from "boards/full/nameplate.js";
import { FakeDocument, FakeElement, pretend } from "../../pages.js";

/** @type {FakeElement} */
let plate;
let restore = () => {};

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  plate = new FakeElement({ hidden: true });
  restore = pretend({ document: new FakeDocument({ parts: { ".nameplate": plate } }) });
});
afterEach(() => {
  mock.timers.tick(10_000);
  restore();
  mock.timers.reset();
});

test("a screen's name is shown for ten seconds", () => {
  flashName("Lobby", "");
  assert.deepEqual([plate.hidden, plate.children], [false, ["Lobby"]]);
  mock.timers.tick(9_999);
  assert.equal(plate.hidden, false);
  mock.timers.tick(1);
  assert.equal(plate.hidden, true);
});

test("what is wrong with the screen stands below its name", () => {
  flashName("Lobby", "It may go dark.");
  assert.equal(plate.children[1].textContent, "It may go dark.");
});

test("a name that is asked for again is shown for ten seconds from then", () => {
  flashName("Lobby", "");
  mock.timers.tick(8_000);
  flashName("Lobby", "");
  mock.timers.tick(8_000);
  assert.equal(plate.hidden, false);
  mock.timers.tick(2_000);
  assert.equal(plate.hidden, true);
});
