import assert from "node:assert/strict";
import { test } from "node:test";
import { asType, checkZone, namesOf, newTile, readForm, shownIn, TYPES } from "boards/editor/tile-fields.js";

const OFFERED = [
  { slug: "cpu", kind: "number", label: "CPU", unit: "%" },
  { slug: "disk", kind: "number", label: "Disk", unit: "%" },
  { slug: "prices", kind: "table", label: "Prices", unit: "" },
];
const form = (/** @type {Record<string, string>} */ fields) => new Map(Object.entries({ title: "", width: "3", height: "1", ...fields }));

test("a form becomes a tile, with what was said and nothing else", () => {
  const widget = { ...newTile("number"), streams: ["cpu"] };
  const read = readForm(widget, form({ title: " Load ", warn: "80", crit: "90,5", hero: "on", decimals: "", better: "" }));
  assert.deepEqual(read, { ...widget, title: "Load", options: { warn: 80, crit: 90.5, hero: true } });
});

test("options that the form does not show stay, those that were emptied go", () => {
  const widget = { ...newTile("line"), streams: ["cpu"], options: { points: 500, range: 300, min: 0 } };
  assert.deepEqual(readForm(widget, form({ range: "3600" })).options, { points: 500, range: 3600 });
  assert.equal(shownIn(TYPES.line.fields[0], { range: 3600 }), "3600");
});

test("columns keep what is known of them", () => {
  const widget = { ...newTile("table"), streams: ["prices"], options: { columns: [{ key: "bid", label: "Bid" }] } };
  const { options } = readForm(widget, form({ columns: "ask, bid,, ask" }));
  assert.deepEqual(options.columns, [{ key: "ask" }, { key: "bid", label: "Bid" }]);
  assert.equal(shownIn(TYPES.table.fields[0], options), "ask, bid");
});

test("what is missing is said in a sentence", () => {
  assert.throws(() => readForm(newTile("number"), form({})), /Choose a stream\./);
  assert.throws(() => readForm(newTile("room"), form({})), /Choose a room\./);
  assert.throws(() => readForm(newTile("text"), form({})), /Write a text/);
  assert.throws(() => readForm({ ...newTile("gauge"), streams: ["cpu"] }, form({ max: "many" })), /Scale to: give a number\./);
  assert.deepEqual(readForm(newTile("clock"), form({ zone: "Asia/Tokyo" })).options, { zone: "Asia/Tokyo" });
});

test("another type keeps the streams that it can show", () => {
  const widget = { ...newTile("line"), id: 4, streams: ["cpu", "disk"] };
  assert.deepEqual(asType(widget, "gauge", OFFERED).streams, ["cpu"]);
  assert.deepEqual(asType(widget, "table", OFFERED).streams, []);
  assert.deepEqual([asType(widget, "gauge", OFFERED).width, asType(newTile("line"), "gauge", OFFERED).width], [6, 3]);
});

test("streams of the same label are told apart by their slugs", () => {
  const two = [...OFFERED, { slug: "disk-2", kind: "number", label: "Disk", unit: "%" }];
  assert.deepEqual(namesOf(OFFERED).map(([, name]) => name), ["CPU", "Disk", "Prices"]);
  assert.deepEqual(namesOf(two).map(([, name]) => name), ["CPU", "Disk (disk-2)", "Disk (disk)", "Prices"]);
});

test("a time zone that there is not is refused at once", () => {
  for (const zone of ["", "Europe/Oslo"]) checkZone(zone);
  assert.throws(() => checkZone("Oslo"), /no time zone Oslo/);
  assert.throws(() => readForm(newTile("clock"), form({ zone: "Middle/Earth" })), /no time zone Middle\/Earth/);
});
