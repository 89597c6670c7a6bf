import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { clockFoot, clockTile, readClock } from "boards/tiles/clock.js";
import { useZone } from "web/time.js";
import { textOf } from "../../templates.js";
import { NOW, widget } from "./streams.js";

afterEach(() => useZone(""));

test("a clock shows the time of its zone", () => {
  assert.deepEqual(readClock(NOW, "Asia/Tokyo"), { time: "18:00", seconds: "00", day: "Saturday 21 November", place: "Tokyo" });
  assert.equal(readClock(NOW, "America/New_York").time, "04:00");
  assert.equal(readClock(NOW, "America/New_York").place, "New York");
});

test("a clock without a zone of its own shows the board's", () => {
  useZone("Asia/Tokyo");
  assert.equal(textOf(clockTile(widget(), NOW)), "18:0000");
  assert.equal(textOf(clockTile(widget({ zone: "Europe/Oslo" }), NOW)), "10:0000");
});

test("the foot names the place, unless the title does or the time is the screen's own", () => {
  assert.equal(textOf(clockFoot(widget({ zone: "Asia/Tokyo" }), NOW)), "Tokyo · Saturday 21 November");
  assert.equal(textOf(clockFoot(widget({ zone: "Asia/Tokyo" }, { title: "Tokyo" }), NOW)), "Saturday 21 November");
  assert.match(textOf(clockFoot(widget(), NOW)), /^Saturday 21 November$/);
});
