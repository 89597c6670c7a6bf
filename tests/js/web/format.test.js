import assert from "node:assert/strict";
import { test } from "node:test";
import { axisText, grouped, show, showDifference, showText } from "web/format.js";

/** Narrow spaces are hard to see in a test. */
const seen = (/** @type {string} */ text) => text.replaceAll("\u202f", " ").replaceAll("\u2212", "-");

test("numbers are grouped by thousands with a true minus", () => {
  assert.deepEqual([0, 999, 1000, -1234567.5].map((number) => seen(grouped(number, 0))), ["0", "999", "1 000", "-1 234 568"]);
  assert.equal(grouped(-1, 0)[0], "\u2212");
  assert.equal(seen(grouped(-0.001, 1)), "0.0");
  assert.equal(seen(grouped(12345.678, 2)), "12 345.68");
  assert.equal(seen(grouped(2.5e18, 0)), "2.50e18");
});

test("decimals are as many as the number has, up to three digits that say something", () => {
  const texts = [41, 41.5, 41.256, 128.26, 8412.5, 0.1234, 0.5].map((value) => seen(showText(value)));
  assert.deepEqual(texts, ["41", "41.5", "41.26", "128.3", "8 413", "0.123", "0.5"]);
  assert.equal(seen(showText(41, "", 2)), "41.00");
});

test("bytes are scaled by thousands", () => {
  const texts = [0, 999, 1000, 1_234_567, 47_000_000_000, -2500].map((value) => seen(showText(value, "B")));
  assert.deepEqual(texts, ["0 B", "999 B", "1.00 kB", "1.23 MB", "47.0 GB", "-2.50 kB"]);
  assert.equal(seen(showText(999_999, "B/s")), "1.00 MB/s");
});

test("times are told in the units that say how long", () => {
  const texts = [0, 0.0042, 0.42, 1, 42.34, 119, 120, 75 * 60 + 29, 3599.9, 4000, 200_000, -150].map((value) => seen(showText(value, "s")));
  assert.deepEqual(texts, ["0 s", "4.2 ms", "420 ms", "1 s", "42.3 s", "119 s", "2 min", "1 h 15 min", "1 h", "1 h 7 min", "2 d 8 h", "-2 min 30 s"]);
  assert.equal(seen(showText(1500, "ms")), "1.5 s");
  assert.equal(seen(showText(4000, "s", 0)), "4 000 s");
});

test("thousands are short where that is asked for", () => {
  const texts = [999, 1234, 12_345, 999_960, 2_500_000].map((value) => seen(showText(value, "", null, true)));
  assert.deepEqual(texts, ["999", "1.2 k", "12.3 k", "1.0 M", "2.5 M"]);
  assert.equal(seen(showText(1234, "/min", null, true)), "1.2 k /min");
  assert.equal(seen(showText(12_345, "€", null, true)), "€ 12.3 k");
});

test("money has its digits", () => {
  const texts = [46.2, 46, 123_456.7].map((value) => seen(showText(value, "€")));
  assert.deepEqual(texts, ["€ 46.20", "€ 46.00", "€ 123 457"]);
  assert.equal(seen(showText(4620, "¥")), "¥ 4 620");
  assert.equal(seen(showText(46.2, "NOK")), "NOK 46.20");
});

test("currencies stand before, other units after the number", () => {
  assert.deepEqual(show(46.2, "€", 2), { before: "€", number: "46.20", after: "" });
  assert.deepEqual(show(41, "%"), { before: "", number: "41", after: "%" });
});

test("what is no number is shown as it is, and nothing as a dash", () => {
  assert.equal(showText(null, "%"), "–");
  assert.equal(showText(undefined), "–");
  assert.equal(showText(true), "yes");
  assert.equal(showText("<b>"), "<b>");
});

test("axes drop zeros that say nothing", () => {
  const texts = [0, 50_000, 1_500_000, 100].map((value) => seen(axisText(value, "B/s")));
  assert.deepEqual(texts, ["0 B/s", "50 kB/s", "1.5 MB/s", "100 B/s"]);
  assert.equal(seen(axisText(100, "%")), "100 %");
  assert.equal(axisText(0.08), "0.08");
  assert.equal(seen(axisText(50_000, "/min")), "50 k /min");
});

test("a difference has its unit only where that says how large it is", () => {
  assert.equal(seen(showDifference(-3, "%")), "3");
  assert.equal(seen(showDifference(-3, "/min")), "3");
  assert.equal(seen(showDifference(2000, "B")), "2.00 kB");
  assert.equal(seen(showDifference(2, "€", 2)), "€ 2.00");
});

test("a time with its zone is shown as the reader's, any other text as it is", () => {
  const reader = (/** @type {string} */ text) => new Date(text).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
  for (const text of ["2026-11-21T10:00:00+00:00", "2026-11-21T10:00Z", "2026-11-21T10:00:00.123-08:00"]) assert.equal(showText(text), reader(text));
  for (const text of ["2026-11-21", "2026-11-21T10:00:00", "2026-99-21T10:00:00Z", "at 2026-11-21T10:00:00Z"]) assert.equal(showText(text), text);
});
