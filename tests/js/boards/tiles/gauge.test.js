import assert from "node:assert/strict";
import { test } from "node:test";
import { gaugeTile, scaleOf, share } from "boards/tiles/gauge.js";
import { markupOf } from "../../templates.js";
import { stream, widget } from "./streams.js";

const gauge = (/** @type {object} */ options, /** @type {object} */ more = {}, /** @type {any} */ space = null) =>
  markupOf(gaugeTile(widget(options), [stream(more)], space)).replaceAll("\u202f", " ");

test("a gauge's scale is what was asked for, or fits its values", () => {
  assert.deepEqual(scaleOf({ min: 10, max: 20 }, stream()), [10, 20]);
  assert.deepEqual(scaleOf({}, stream()), [0, 100]);
  assert.deepEqual(scaleOf({ crit: 40 }, stream({ unit: "", value: 3 })), [0, 50]);
  assert.deepEqual(scaleOf({}, stream({ unit: "", value: 3, history: [[1, 130]] })), [0, 200]);
  assert.deepEqual(scaleOf({}, stream({ unit: "", value: -3 })), [-3, 1]);
  assert.deepEqual(scaleOf({ max: 0 }, stream({ value: null })), [0, 1]);
});

test("a share of the scale ends where the scale does", () => {
  assert.deepEqual([-1, 0, 25, 200].map((value) => share(value, [0, 100])), [0, 0, 0.25, 1]);
  assert.equal(share(15, [10, 20]), 0.5);
});

test("the ring ends at the value, and marks stand at the limits", () => {
  assert.match(gauge({}, { value: 50 }), /class="gauge__value" d=M12 60A48 48 0 0 1 60\.00 12\.00/);
  assert.match(gauge({ warn: 50 }), /class="gauge__mark" d=M60\.00 19\.00L60\.00 5\.00/);
  assert.doesNotMatch(gauge({}), /gauge__mark/);
});

test("nothing is drawn of a value that is not there or is the least", () => {
  assert.doesNotMatch(gauge({}, { value: null }), /gauge__value/);
  assert.doesNotMatch(gauge({}, { value: 0 }), /gauge__value/);
});

test("those who do not see the ring are told value, level and scale", () => {
  assert.match(gauge({ crit: 90 }, { value: 94 }), /aria-label=94 %, critical, on a scale from 0 % to 100 %/);
  assert.match(gauge({}, { value: 94 }), /aria-label=94 %, on a scale/);
});

test("a wall gets the number with a bar as well", () => {
  assert.match(gauge({}, {}, { width: 1920, height: 1080 }), /class="gauge__part" d=M0 0h41v1H0z/);
  assert.doesNotMatch(gauge({}), /gauge__part/);
});

test("a long number is told to the style sheet", () => {
  assert.match(gauge({}, { value: 12_345_678, unit: "" }), /class="gauge" data-level= data-length=long/);
  assert.match(gauge({}), /class="gauge" data-level= data-length=>/);
});
