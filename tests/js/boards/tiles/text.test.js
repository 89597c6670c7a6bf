import assert from "node:assert/strict";
import { test } from "node:test";
import { textTile } from "boards/tiles/text.js";
import { markupOf, textOf } from "../../templates.js";
import { stream, widget } from "./streams.js";

const words = (/** @type {any} */ value) => textTile(widget(), [stream({ kind: "text", value })]);
const lengthOf = (/** @type {string} */ text) => /data-length=(\w+)/.exec(markupOf(words(text)))?.[1];

test("a stream's text is text, never markup", () => {
  assert.ok(words("<b>x</b>").values.includes("<b>x</b>"), "lit escapes what is a value");
  assert.equal(textOf(words(null)), "–");
});

test("its length tells the style sheet how large it may be, and a long one can be scrolled by keys", () => {
  assert.deepEqual([30, 31, 120, 121].map((count) => lengthOf("x".repeat(count))), ["short", "medium", "medium", "long"]);
  assert.match(markupOf(words("x".repeat(121))), /tabindex=0/);
  assert.match(markupOf(words("x")), /tabindex=>/);
});

test("without a stream it is the tile's own text, as the server has rendered it", () => {
  assert.match(markupOf(textTile(widget({}, { html: "<p>Mind the <em>gap</em></p>" }), [])), /<p>Mind the <em>gap<\/em><\/p>/);
  assert.equal(textOf(textTile(widget(), [])), "");
});
