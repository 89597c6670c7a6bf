import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { chooseTheme, theme, themeSwitch } from "web/theme.js";
import { local } from "web/storage.js";
import { FakeDocument, FakeElement, pretend } from "../pages.js";

/** @type {FakeDocument} */
let page;
let restore = () => {};

beforeEach(() => {
  page = new FakeDocument();
  restore = pretend({ document: page });
});
afterEach(() => {
  local.removeItem("theme");
  restore();
});

test("a theme is chosen for this page and those to come; the system's choice is no choice", () => {
  chooseTheme("dark");
  assert.deepEqual([theme(), page.documentElement.dataset.theme, local.getItem("theme")], ["dark", "dark", "dark"]);
  chooseTheme("system");
  assert.deepEqual([theme(), page.documentElement.dataset.theme, local.getItem("theme")], ["system", undefined, null]);
});

test("what the page has that is no theme counts as the system's", () => {
  page.documentElement.dataset.theme = "pink";
  assert.equal(theme(), "system");
});

test("canvases hear of it", () => {
  /** @type {string[]} */
  const heard = [];
  page.addEventListener("themechange", (event) => heard.push(/** @type {CustomEvent} */ (event).detail));
  chooseTheme("light");
  assert.deepEqual(heard, ["light"]);
});

test("a button goes round the three, and says which one is on", () => {
  const button = /** @type {any} */ (new FakeElement());
  themeSwitch(button);
  const labels = [button.title];
  for (let press = 0; press < 3; press += 1) {
    button.happens("click");
    assert.equal(button.attributes.get("aria-label"), button.title);
    labels.push(button.title);
  }
  assert.deepEqual(labels, ["Theme: as the system", "Theme: light", "Theme: dark", "Theme: as the system"]);
});
