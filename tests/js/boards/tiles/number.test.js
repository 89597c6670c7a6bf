import assert from "node:assert/strict";
import { test } from "node:test";
import { arrow, figure, levelText, numberFoot, numberTile, spark } from "boards/tiles/number.js";
import { markupOf, textOf } from "../../templates.js";
import { NOW, stream, widget } from "./streams.js";

const HISTORY = [[NOW - 60_000, 30], [NOW, 41]];
const foot = (/** @type {object} */ options, /** @type {object} */ more = {}) => textOf(numberFoot(widget(options), [stream(more)]));

test("a number stands with its unit; where a wall has no room for it, it is shortened", () => {
  assert.equal(textOf(figure(widget(), stream(), null)), "41%");
  assert.equal(textOf(figure(widget(), stream({ value: 46.2, unit: "€" }), null)), "€46.20");
  const long = stream({ value: 123_456_789, unit: "" });
  assert.equal(textOf(figure(widget(), long, null)), "123 456 789");
  assert.equal(textOf(figure(widget(), long, { width: 3840, height: 2160 })), "123 456 789");
  assert.equal(textOf(figure(widget({}, { width: 2 }), long, { width: 900, height: 600 })), "123M");
});

test("a value that is not there is a dash without a level", () => {
  const shown = markupOf(figure(widget({ warn: 1 }), stream({ value: null }), null));
  assert.match(shown, /–/);
  assert.match(shown, /data-level=\s*>/);
});

test("the foot tells level, target, note and change", () => {
  assert.equal(foot({ warn: 40 }), "▲ warning: 40 % or more");
  assert.equal(foot({ target: 82 }), "50 % of 82 %");
  assert.equal(foot({ target: 0 }), "target 0 %");
  assert.equal(foot({ target: 82 }, { value: null }), "target 82 %");
  assert.equal(foot({ note: "of all cores" }), "of all cores");
  assert.equal(foot({}, { history: HISTORY }), "▲up 11in 60 s");
});

test("a change is good or bad as the tile says, and neither when nothing has changed", () => {
  const good = (/** @type {object} */ options, /** @type {any[]} */ history) =>
    /data-good=(\w*)/.exec(markupOf(numberFoot(widget(options), [stream({ history })])))?.[1];
  const down = HISTORY.map(([at], index) => [at, 41 - index]);
  const flat = HISTORY.map(([at]) => [at, 41]);
  assert.equal(good({ better: "up" }, HISTORY), "good");
  assert.equal(good({ better: "down" }, HISTORY), "bad");
  assert.equal(good({ better: "down" }, down), "good");
  assert.equal(good({}, HISTORY), "");
  assert.equal(good({ better: "up" }, flat), "");
  assert.match(foot({}, { history: down }), /▼down 1/);
  assert.match(foot({}, { history: flat }), /–unchanged 0/);
});

test("since when it has changed is only read out where something more important wants the room", () => {
  const since = (/** @type {object} */ options) => markupOf(numberFoot(widget(options), [stream({ history: HISTORY })])).includes("change__since");
  assert.equal(since({}), true);
  for (const options of [{ target: 50 }, { note: "x" }, { warn: 90 }]) assert.equal(since(options), false);
});

test("a level says in words what colour and sign say, and nothing where there are no limits", () => {
  assert.equal(textOf(levelText(stream(), { crit: 41 })), "■ critical: 41 % or more");
  assert.equal(textOf(levelText(stream(), { crit: 42 })), "● ok");
  assert.equal(textOf(levelText(stream(), {})), "");
});

test("a large number has its line behind it, another in its foot", () => {
  const tile = (/** @type {object} */ options) => markupOf(numberTile(widget(options), [stream({ history: HISTORY })], null));
  const below = (/** @type {object} */ options) => markupOf(numberFoot(widget(options), [stream({ history: HISTORY })]));
  assert.deepEqual([tile({ hero: true }), tile({}), below({ hero: true }), below({})].map((shown) => shown.includes("<svg")), [true, false, false, true]);
});

test("nothing is drawn of a history that is no line", () => {
  assert.equal(markupOf(spark(stream())), "");
});

test("an arrow has a shape and a word", () => {
  assert.deepEqual([arrow("up"), arrow("down"), arrow("flat")].map(textOf), ["▲up", "▼down", "–unchanged"]);
});
