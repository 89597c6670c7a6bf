import assert from "node:assert/strict";
import { test } from "node:test";
import { copy } from "web/copy.js";
import { FakeElement, pretend } from "../pages.js";

/** Copy where the clipboard does `write`. Returns what came, and what was selected. @param {any} clipboard */
async function copied(clipboard, shown = /** @type {any} */ (new FakeElement())) {
  /** @type {any[]} */
  const selected = [];
  const restore = pretend({ navigator: { clipboard }, getSelection: () => ({ selectAllChildren: (/** @type {any} */ of) => selected.push(of) }) });
  try {
    return { done: await copy("text", shown), selected, shown };
  } finally {
    restore();
  }
}

test("a text goes to the clipboard", async () => {
  /** @type {string[]} */
  const written = [];
  const { done, selected } = await copied({ writeText: async (/** @type {string} */ text) => written.push(text) });
  assert.deepEqual([done, written, selected], [true, ["text"], []]);
});

test("where the page has no clipboard, or may not use it, what is shown is selected", async () => {
  for (const clipboard of [undefined, { writeText: () => Promise.reject(new Error("not allowed")) }]) {
    const { done, selected, shown } = await copied(clipboard);
    assert.deepEqual([done, selected], [false, [shown]]);
  }
});

test("with nothing to select it only says that it did not copy", async () => {
  const { done, selected } = await copied(undefined, null);
  assert.deepEqual([done, selected], [false, []]);
});
