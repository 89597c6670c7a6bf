import assert from "node:assert/strict";
import { test } from "node:test";
import { match, pieces } from "web/switcher/match.js";

/** Those of `names` that fit, the best first. */
const found = (/** @type {string} */ typed, /** @type {string[]} */ ...names) =>
  names
    .flatMap((name) => {
      const fits = match(typed, name);
      return fits ? [{ name, score: fits.score }] : [];
    })
    .sort((a, b) => b.score - a.score)
    .map(({ name }) => name);

test("the beginning of a name is best, then the beginning of a word, then letters anywhere", () => {
  assert.deepEqual(found("de", "london-deploys", "aide", "deploys", "under"), ["deploys", "london-deploys", "aide", "under"]);
});

test("first letters of words", () => {
  assert.deepEqual(found("ws", "warehouse-shift", "windows", "west"), ["warehouse-shift", "west", "windows"]);
  assert.deepEqual(match("wf", "warehouse-floor")?.hits, [0, 10]);
});

test("letters in another order do not fit", () => {
  assert.equal(match("ed", "deploys"), null);
  assert.equal(match("deployss", "deploys"), null);
});

test("neither case nor accents count, and neither do blanks and dashes", () => {
  assert.deepEqual(found("KUCHE", "Küche"), ["Küche"]);
  assert.deepEqual(found("tomás l", "tomas-lund"), ["tomas-lund"]);
  assert.deepEqual(found("#data", "data"), ["data"]);
});

test("the best place of a letter counts, not the first", () => {
  assert.deepEqual(match("data", "d-update-data")?.hits, [9, 10, 11, 12]);
});

test("nothing typed fits everything", () => {
  assert.deepEqual([match("", "lobby"), match("  ", "lobby")], [{ score: 0, hits: [] }, { score: 0, hits: [] }]);
});

test("a shorter name of the same beginning comes first", () => {
  assert.deepEqual(found("ops", "ops-archive", "ops"), ["ops", "ops-archive"]);
});

test("the pieces of a name", () => {
  assert.deepEqual(pieces("a😀bc", [1, 3]), [
    { text: "a", hit: false },
    { text: "😀", hit: true },
    { text: "b", hit: false },
    { text: "c", hit: true },
  ]);
});
