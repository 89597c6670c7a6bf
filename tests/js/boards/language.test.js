import assert from "node:assert/strict";
import { test } from "node:test";
import { pretend } from "../pages.js";

/** The browser's language when the module was read in a browser that says `language`. */
async function languageAfter(/** @type {string} */ language) {
  const restore = pretend({ navigator: { language } });
  try {
    await import(`../../../boards/static/boards/language.js?${language}`);
    return navigator.language;
  } finally {
    restore();
  }
}

test("a language that is none becomes one that Intl knows", async () => {
  const language = await languageAfter("C");
  assert.equal(new Intl.Locale(language).language, "en");
});

test("any other stays", async () => {
  assert.equal(await languageAfter("de-CH"), "de-CH");
});
