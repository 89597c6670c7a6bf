import assert from "node:assert/strict";
import { test } from "node:test";
import { alertCard, boardLink, chart, conditionText, standing, valueText } from "chat/log/alert-card.js";
import { ADA, GRACE } from "../../messages.js";
import { markupOf, textOf } from "../../templates.js";

/** @returns {import("../../../../chat/static/chat/log/alert-card.js").Alert} */
const alert = (/** @type {object} */ fields = {}) => ({
  state: "firing",
  severity: "crit",
  title: "Oven",
  condition: "above 90 °C for 1 min",
  when: "above",
  hold: 60,
  value: 97,
  unit: "°C",
  shown: "97 °C",
  limit: 90,
  since: "2026-11-21T14:02:00.000Z",
  fired_at: "2026-11-21T14:03:00.000Z",
  until: null,
  withdrawn: false,
  acknowledged: null,
  board: null,
  points: [],
  version: 1,
  ...fields,
});

test("an alert stands by a sign of its own and in words", () => {
  assert.deepEqual(standing(alert()), { sign: "■", words: "Critical · firing" });
  assert.deepEqual(standing(alert({ severity: "warn" })), { sign: "▲", words: "Warning · firing" });
  assert.deepEqual(standing(alert({ severity: "info", state: "acknowledged" })), { sign: "◆", words: "Note · acknowledged" });
  const until = "2026-11-21T14:14:00.000Z";
  assert.deepEqual(standing(alert({ state: "resolved", until })), { sign: "●", words: "Resolved after 12 min" });
  assert.equal(standing(alert({ state: "resolved", until, withdrawn: true })).words, "No longer watched");
});

test("the chart fills its box, its limit included", () => {
  /** @type {[number, number][]} */
  const points = [[0, 0], [50, 50], [100, 80]];
  assert.deepEqual(chart(points, 100), { line: "M0 38L120 20L240 9.2", limit: 2 });
  assert.deepEqual(chart(points, null), { line: "M0 38L120 15.5L240 2", limit: null });
  assert.deepEqual(chart([[0, 5], [1, 5]], null), { line: "M0 38L240 38", limit: null });
  assert.deepEqual(chart([[7, 5], [7, 6]], null), { line: "M0 38L0 2", limit: null });
  assert.equal(chart([[0, 5]], 4), null);
  assert.equal(chart([], 4), null);
});

test("the chart draws nothing where nothing was measured", () => {
  /** @type {[number, number][]} */
  const points = [[0, 0], [20_000, 50], [90_000, 50], [100_000, 80]];
  assert.equal(chart(points, null, 60)?.line, "M0 38L48 15.5M216 15.5L240 2");
  assert.equal(chart(points, null, 70)?.line, "M0 38L48 15.5L216 15.5L240 2");
});

test("the link leads to the board at that moment", () => {
  const board = { slug: "ops", title: "Ops" };
  assert.equal(boardLink(alert({ board })), "/boards/ops/?at=2026-11-21T14%3A03%3A00.000Z");
  const late = "2026-11-21T14:02:59.001Z";
  assert.equal(boardLink(alert({ board, fired_at: late })), boardLink(alert({ board })), "not a moment before it");
  assert.equal(boardLink(alert()), "");
});

test("numbers are written as on tiles, in the reader's language", () => {
  const seen = (/** @type {string} */ text) => text.replaceAll("\u202f", " ");
  assert.equal(seen(valueText(alert({ value: 1_234_567, unit: "/min", shown: "1234567 /min" }))), "1 234 567 /min");
  assert.equal(seen(valueText(alert({ value: 46.2, unit: "€", shown: "46.2 €" }))), "€ 46.20");
  assert.equal(seen(conditionText(alert({ limit: 12_500, hold: 300 }))), "above 12 500 °C for 5 min");
  assert.equal(seen(conditionText(alert({ when: "below", hold: 0 }))), "below 90 °C");
});

test("a card without a number or a limit says what the server says", () => {
  const status = alert({ when: "crit", limit: null, condition: "critical for 2 min", value: "crit", shown: "critical: disk full" });
  assert.deepEqual([valueText(status), conditionText(status)], ["critical: disk full", "critical for 2 min"]);
  assert.equal(valueText(alert({ value: null, shown: "–" })), "–");
  assert.equal(conditionText(alert({ when: "silent", limit: null, condition: "no new value for 5 min" })), "no new value for 5 min");
  assert.equal(conditionText(alert({ when: null, hold: null })), "above 90 °C for 1 min");
});

const card = (/** @type {object} */ fields, canWrite = true) => alertCard(alert(fields), { me: ADA, canWrite, acknowledge: () => {} });

test("a card says who acknowledged it, and oneself is you", () => {
  const by = (/** @type {any} */ user) => textOf(card({ state: "acknowledged", acknowledged: { user, at: "2026-11-21T14:05:00.000Z" } }));
  assert.match(by(GRACE), /Acknowledged by Grace,/);
  assert.match(by(ADA), /Acknowledged by you,/);
  assert.doesNotMatch(textOf(card({})), /Acknowledged by/);
});

test("only a firing alert can be acknowledged, by those who may write", () => {
  const offers = (/** @type {object} */ fields, canWrite = true) => markupOf(card(fields, canWrite)).includes("<button");
  assert.deepEqual([offers({}), offers({}, false), offers({ state: "resolved" })], [true, false, false]);
});

test("its chart has the limit as a line, where there is one", () => {
  const points = [[0, 0], [100, 80]];
  const limited = (/** @type {object} */ fields) => markupOf(card({ points, ...fields })).includes("alert__limit");
  assert.deepEqual([limited({}), limited({ limit: null })], [true, false]);
});
