import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { shortcut, startShortcuts, tell } from "web/shortcuts.js";
import { FakeDocument, FakeElement, pretend } from "../pages.js";

class Field extends FakeElement {
  isContentEditable = false;
  matches = () => true;
}

const list = new FakeElement();
const dialog = new FakeElement({ parts: { "[data-shortcuts]": list }, showModal: () => (shown += 1) });
const button = new FakeElement();
const page = new FakeDocument({ parts: { "[data-shortcuts-open]": [button], "#shortcuts": dialog } });
let shown = 0;
let pressed = 0;
let restore = () => {};

before(() => {
  restore = pretend({ document: page, HTMLElement: Field });
  shortcut("n", "Next partner", () => (pressed += 1));
  tell("Shift Enter", "New line");
  startShortcuts();
});
after(() => restore());
beforeEach(() => {
  [shown, pressed] = [0, 0];
  delete page.parts["dialog[open]"];
});

/** Press a key on `target`. @param {string} key @param {object} [more] @param {any} [target] */
function press(key, more = {}, target = new FakeElement()) {
  const event = Object.assign(new Event("keydown", { cancelable: true }), { key, ...more });
  Object.defineProperty(event, "target", { value: target });
  page.dispatchEvent(event);
  return event;
}

test("a key does what it stands for, and nothing else then", () => {
  assert.equal(press("n").defaultPrevented, true);
  assert.equal(pressed, 1);
  assert.equal(press("x").defaultPrevented, false);
});

test("in a field keys are letters", () => {
  press("n", {}, new Field());
  press("n", {}, Object.assign(new Field(), { isContentEditable: true, matches: () => false }));
  assert.equal(pressed, 0);
});

test("keys of the browser, keys that were used already and keys in a dialog are left alone", () => {
  for (const held of ["ctrlKey", "metaKey", "altKey"]) press("n", { [held]: true });
  const used = Object.assign(new Event("keydown", { cancelable: true }), { key: "n" });
  used.preventDefault();
  page.dispatchEvent(used);
  page.parts["dialog[open]"] = new FakeElement();
  press("n");
  assert.equal(pressed, 0);
});

test("a key that is handled elsewhere is only told of", () => {
  assert.equal(press("Shift Enter").defaultPrevented, false);
});

test("? and the page's button show what keys there are", () => {
  press("?");
  button.happens("click");
  assert.equal(shown, 2);
  const words = list.children.map((each) => each.textContent || each.children.map((/** @type {any} */ key) => key.textContent ?? key).join(""));
  assert.deepEqual(words, ["n ", "Next partner", "Shift Enter ", "New line", "? ", "Show this list"]);
});
