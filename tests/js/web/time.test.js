import assert from "node:assert/strict";
import { test } from "node:test";

process.env.TZ = "Europe/Oslo";
const { age, clockTime, clockSeconds, dayKey, dayLabel, elsewhere, fieldText, fieldTime, shortTime, useZone } = await import(
  "../../../web/static/web/time.js"
);
const AT = "2026-11-20T15:58:07.123Z";

test("times are those of the reader's zone", () => {
  assert.equal(clockTime("2026-11-20T15:58:07.123Z"), "16:58");
  assert.equal(clockSeconds("2026-11-20T15:58:07.123Z"), "16:58:07");
  assert.equal(clockTime("2026-11-20T23:05:00.000Z"), "00:05");
});

test("days begin at the reader's midnight", () => {
  assert.equal(dayKey("2026-11-20T22:59:59.000Z"), "2026-11-20");
  assert.equal(dayKey("2026-11-20T23:00:00.000Z"), "2026-11-21");
});

test("a day is named as people would", () => {
  const now = "2026-11-21T08:00:00.000Z";
  assert.equal(dayLabel("2026-11-21T01:00:00.000Z", now), "Today");
  assert.equal(dayLabel("2026-11-20T10:00:00.000Z", now), "Yesterday");
  assert.equal(dayLabel("2026-11-18T10:00:00.000Z", now), "Wednesday 18 November");
  assert.equal(dayLabel("2025-12-31T10:00:00.000Z", now), "Wednesday 31 December 2025");
});

test("yesterday is a calendar day, also when the clocks change", () => {
  assert.equal(dayLabel("2026-10-24T10:00:00.000Z", "2026-10-25T22:30:00.000Z"), "Yesterday");
});

test("ages use the largest unit that fits, and never run ahead", () => {
  const ages = [-5, 0, 240, 999, 1000, 59_999, 60_000, 3_599_000, 3_600_000, 86_400_000 * 2].map(age);
  assert.deepEqual(ages, ["0.0 s", "0.0 s", "0.2 s", "0.9 s", "1 s", "59 s", "1 min", "59 min", "1 h", "2 d"]);
});

test("a page that has a time zone tells all times in it, and where that is", () => {
  assert.equal(elsewhere(AT), "");
  useZone("America/New_York");
  assert.deepEqual([clockTime(AT), clockSeconds(AT), shortTime(AT)], ["10:58", "10:58:07", "20 Nov 2026, 10:58"]);
  assert.equal(dayKey("2026-11-21T04:59:59.000Z"), "2026-11-20");
  assert.equal(elsewhere(AT), "New York");
  useZone("Europe/Berlin");
  assert.equal(elsewhere(AT), "", "it is the same time there");
  useZone("Middle/Earth");
  assert.equal(clockTime(AT), "16:58");
  useZone("");
});

test("a field for a time has the page's zone", () => {
  for (const zone of ["", "America/New_York", "Asia/Kathmandu"]) {
    useZone(zone);
    for (const at of [Date.parse(AT), Date.parse("2026-03-29T00:30:00Z"), Date.parse("2026-10-25T02:30:00Z")]) {
      assert.equal(fieldTime(fieldText(at)), Math.floor(at / 1000) * 1000, zone);
    }
  }
  useZone("America/New_York");
  assert.equal(fieldText(AT), "2026-11-20T10:58:07");
  assert.equal(fieldTime("2026-11-20T10:58"), Date.parse("2026-11-20T15:58:00Z"), "browsers leave out no seconds");
  useZone("");
});
