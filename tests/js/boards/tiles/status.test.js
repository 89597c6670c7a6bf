import assert from "node:assert/strict";
import { test } from "node:test";
import { sign, statusTile } from "boards/tiles/status.js";
import { markupOf, textOf } from "../../templates.js";
import { NOW, screen, stream, widget } from "./streams.js";

const status = (/** @type {any} */ value, /** @type {object} */ more = {}) => stream({ kind: "status", label: "Shop", unit: "", value, ...more });

test("one status is large, with its sign and its words", () => {
  const shown = statusTile(widget(), [status({ level: "crit", text: "down" })], screen);
  assert.equal(textOf(shown), "■critical: down");
  assert.match(markupOf(shown), /class="status".*data-level=crit/);
});

test("several are a list, in which what is old or failing is marked", () => {
  const streams = [status("ok"), status("ok", { label: "Mail", at: NOW - 120_000 }), status("warn", { label: "Web", state: "error" })];
  const shown = statusTile(widget(), streams, screen);
  assert.equal(textOf(shown), "●ok: Shop ok ●ok: Mail 2 min old ok ▲warning: Web failing warning");
  assert.deepEqual([...markupOf(shown).matchAll(/data-stale=(\w*)/g)].map(([, stale]) => stale), ["", "old", "failing"]);
});

test("a list is called by its title, else by its first stream", () => {
  const label = (/** @type {string} */ title) => /aria-label=(\w+)/.exec(markupOf(statusTile(widget({}, { title }), [status("ok"), status("ok")], screen)))?.[1];
  assert.equal(label("Services"), "Services");
  assert.equal(label(""), "Shop");
});

test("a sign's word can be left to other words", () => {
  assert.equal(textOf(sign("warn")), "▲warning:");
  assert.equal(textOf(sign("warn", false)), "▲");
});
