import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Person } from "realtime/person.js";
import { farewell, watchPerson } from "web/another-person.js";
import { ADA, GRACE, LIN } from "../messages.js";
import { settle } from "../fakes.js";
import { FakeDocument, FakeElement, pretend } from "../pages.js";

/** A dialog whose first heading, paragraph and link are found. */
class Dialog extends FakeElement {
  open = false;
  showModal() {
    this.open = true;
  }
  querySelector(/** @type {string} */ name) {
    const all = this.children.flatMap((child) => [child, ...child.children]);
    return all.find(({ localName }) => localName === name) ?? null;
  }
}

/** @type {FakeDocument} */
let page;
/** @type {FakeElement} */
let browser;
let reloads = 0;
/** @type {any} who is signed in now */
let signedIn = ADA;
let looks = 0;
let restore = () => {};

const dialog = () => /** @type {Dialog} */ (page.body.children[0]);
const words = () => ["h2", "p", "a"].map((name) => dialog().querySelector(name).textContent);

beforeEach(() => {
  mock.timers.enable({ apis: ["setInterval"] });
  [reloads, looks, signedIn] = [0, 0, ADA];
  page = new FakeDocument({ createElement: (/** @type {string} */ localName) => new (localName === "dialog" ? Dialog : FakeElement)({ localName }) });
  browser = new FakeElement();
  const location = { pathname: "/rooms/lobby/", search: "?q=1", reload: () => (reloads += 1) };
  restore = pretend({ document: page, location, addEventListener: browser.addEventListener.bind(browser) });
});
afterEach(() => {
  restore();
  mock.timers.reset();
});

function watched(/** @type {any} */ user = ADA) {
  const person = new Person(user, async () => ((looks += 1), signedIn));
  watchPerson(person);
  return person;
}

test("words say who is signed in now, for whom the page was, and what becomes of what was written", () => {
  assert.deepEqual(farewell(ADA, GRACE), {
    now: "You are signed in as Grace in this browser now.",
    was: "This page was for Ada Moor. What Ada Moor had written is kept here until Ada Moor signs in again.",
    action: "Go on as Grace",
  });
  assert.equal(farewell(ADA, null).now, "You are signed out in this browser.");
  assert.equal(farewell(ADA, null).action, "Sign in");
  assert.match(farewell(LIN, null).was, /Lin was a guest and cannot come back/);
  assert.equal(farewell(null, GRACE).was, "Nobody was signed in on this page.");
});

test("a page that is somebody else's now is covered, with a way to go on at the same address", () => {
  watched().meets(GRACE);
  assert.equal(dialog().open, true);
  assert.match(words()[0], /signed in as Grace/);
  assert.equal(dialog().querySelector("a").href, "/rooms/lobby/?q=1");
});

test("the cover cannot be put away", () => {
  watched().meets(GRACE);
  assert.equal(dialog().happens("cancel").defaultPrevented, true);
  dialog().open = false;
  dialog().happens("close");
  assert.equal(dialog().open, true);
});

test("yet another person changes its words, and the page's own begins it again", () => {
  const person = watched();
  person.meets(GRACE);
  person.meets(null);
  assert.match(words()[0], /signed out/);
  assert.deepEqual([page.body.children.length, reloads], [1, 0]);
  person.meets(ADA);
  assert.equal(reloads, 1);
});

test("a page that was stopped before it was watched is covered at once", () => {
  const person = new Person(ADA);
  person.meets(GRACE);
  watchPerson(person);
  assert.equal(dialog().open, true);
});

test("a reader who comes back has the page look, and a covered page looks by itself", async () => {
  watched();
  mock.timers.tick(10_000);
  browser.happens("pageshow", { persisted: false });
  page.visibilityState = "hidden";
  page.happens("visibilitychange");
  assert.equal(looks, 0);
  page.visibilityState = "visible";
  page.happens("visibilitychange");
  browser.happens("pageshow", { persisted: true });
  assert.equal(looks, 2);
  signedIn = GRACE;
  page.happens("visibilitychange");
  await settle();
  mock.timers.tick(3000);
  assert.equal(looks, 4);
});
