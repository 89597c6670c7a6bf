import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { endDraft, keepDraft, leftOver, onTakenBack, shelveDrafts, takeBack, takeDraft } from "chat/outbox/drafts.js";
import { local, tab } from "web/storage.js";
import { said } from "../../messages.js";

const ROOM = "1:lobby";
const TALK = "1:r-abc";
const NOTHING = { text: "", task: null };

/** @type {Map<string, string>} */
let disk;
/** @type {Map<string, string>} */
let session;
const storage = (/** @type {() => Map<string, string>} */ map) => ({
  get length() {
    return map().size;
  },
  key: (/** @type {number} */ index) => [...map().keys()][index] ?? null,
  getItem: (/** @type {string} */ key) => map().get(key) ?? null,
  setItem: (/** @type {string} */ key, /** @type {string} */ value) => void map().set(key, value),
  removeItem: (/** @type {string} */ key) => void map().delete(key),
});
local.open = () => storage(() => disk);
tab.open = () => storage(() => session);

/** From here on the test acts as another tab. Returns a function that goes back to this one. */
function newTab() {
  const before = session;
  session = new Map();
  return () => (session = before);
}
const write = (/** @type {string} */ text, key = ROOM) => keepDraft(key, { text, task: null });
/** Another tab puts a draft on the shelf. */
const shelved = (/** @type {string} */ words, /** @type {string} */ name, at = Date.now()) =>
  disk.set(`drafts:${ROOM}:${name}`, JSON.stringify({ text: words, task: null, name, at }));
const text = (key = ROOM) => takeDraft(key).text;

beforeEach(() => {
  disk = new Map();
  session = new Map();
});

test("a draft is there after a reload", () => {
  takeDraft(ROOM);
  write("half a thought");
  shelveDrafts();
  assert.equal(text(), "half a thought");
  assert.equal(disk.size, 0, "it is in one place");
});

test("a tab that was killed finds its own again", () => {
  takeDraft(ROOM);
  write("half a thought");
  assert.equal(text(), "half a thought");
});

test("two tabs write each their own, and none destroys the other's", () => {
  takeDraft(ROOM);
  write("one");
  const first = newTab();
  assert.deepEqual(takeDraft(ROOM), NOTHING);
  write("two");
  write("");
  first();
  assert.equal(text(), "one");
});

test("of two tabs that closed, the last comes first, and the other after it", () => {
  takeDraft(ROOM);
  write("one");
  shelveDrafts();
  newTab();
  takeDraft(ROOM);
  write("instead"); // over what the first has left
  newTab();
  write("two");
  shelveDrafts();
  newTab();
  assert.equal(text(), "two");
});

test("drafts of several closed tabs are all found", () => {
  for (const each of ["one", "two"]) {
    newTab();
    write(each);
    takeDraft(ROOM);
    shelveDrafts();
  }
  newTab();
  assert.equal(text(), "two");
  newTab();
  assert.equal(text(), "one");
  newTab();
  assert.deepEqual(takeDraft(ROOM), NOTHING);
});

test("tabs that close at the same moment lose none", () => {
  takeDraft(ROOM);
  write("one");
  const { open } = local;
  // Another tab writes after this one has looked at the shelf, and before it puts its own there.
  const setItem = (/** @type {string} */ key, /** @type {string} */ value) => {
    shelved("two", "b");
    disk.set(key, value);
  };
  local.open = () => ({ ...storage(() => disk), setItem });
  shelveDrafts("a");
  local.open = open;
  newTab();
  const first = text();
  newTab();
  assert.deepEqual([first, text()].sort(), ["one", "two"]);
});

test("of many closed tabs the newest five are kept", () => {
  for (let number = 1; number <= 7; number += 1) {
    newTab();
    write(String(number)); // over what waits: that stays
    takeDraft(ROOM);
    shelveDrafts();
  }
  assert.equal(disk.size, 5);
});

test("a tab that comes back takes its own, not the newest", () => {
  takeDraft(ROOM);
  write("one");
  shelveDrafts("a");
  const first = newTab();
  shelved("two", "b", Date.now() + 1000);
  first();
  assert.equal(text(), "one");
});

test("a page that was only put aside takes back its own and nobody else's", () => {
  takeDraft(ROOM);
  shelveDrafts("a");
  shelved("two", "b");
  takeBack();
  assert.equal(session.get(`draft:${ROOM}`), undefined);
  write("one");
  shelveDrafts("c");
  takeBack();
  assert.match(session.get(`draft:${ROOM}`) ?? "", /one/);
});

test("what it answers, and what is edited, comes back with it", () => {
  const { seq, body, edited_at, sender } = said(7);
  const reply = /** @type {const} */ ({ text: "yes", task: { what: "reply", message: { seq, body, edited_at, sender } } });
  takeDraft(ROOM);
  keepDraft(ROOM, reply);
  shelveDrafts();
  newTab();
  assert.deepEqual(takeDraft(ROOM), reply);
});

test("a draft of a talk goes with the talk, and never leaves its tab", () => {
  takeDraft(TALK);
  write("nice to meet you", TALK);
  shelveDrafts();
  assert.equal(text(TALK), "nice to meet you");
  newTab();
  assert.deepEqual(takeDraft(TALK), NOTHING);
  takeDraft(TALK);
  write("nice to meet you", TALK);
  endDraft(TALK);
  assert.deepEqual([session.size, disk.size], [0, 0]);
});

test("another person's drafts are another's", () => {
  takeDraft(ROOM);
  write("mine");
  shelveDrafts();
  newTab();
  assert.deepEqual(takeDraft("2:lobby"), NOTHING);
});

test("what cannot be read is no draft", () => {
  disk.set(`drafts:${ROOM}:a`, "half a JSON [");
  session.set(`draft:${ROOM}`, "{");
  assert.deepEqual(takeDraft(ROOM), NOTHING);
});

test("a draft stays its tab's where the browser keeps nothing for other tabs", () => {
  takeDraft(ROOM);
  write("half a thought");
  const { open } = local;
  local.open = () => {
    throw new DOMException("full", "QuotaExceededError");
  };
  shelveDrafts();
  local.memory.clear(); // the page is gone
  assert.equal(text(), "half a thought");
  local.open = open;
});

test("of a room that was shut all is left over, an edit's text, too, and of a talk nothing", () => {
  const { seq, body, edited_at, sender } = said(7);
  keepDraft(ROOM, { text: "next", task: { what: "edit", message: { seq, body, edited_at, sender }, body: "better" } });
  assert.equal(leftOver(ROOM), "better\n\nnext");
  write("nice to meet you", TALK);
  assert.equal(leftOver(TALK), "");
});

test("a page that was restored learns what a later page of its tab did with the draft", () => {
  takeDraft(ROOM);
  write("half a thought");
  shelveDrafts("first");
  // The same tab shows another page of this room, and comes back.
  write(`${text()}, and the other half`);
  shelveDrafts("second");
  let shown = "";
  const end = onTakenBack(() => (shown = text()));
  takeBack();
  assert.equal(shown, "half a thought, and the other half");
  write("");
  shelveDrafts("third");
  takeBack();
  assert.equal(shown, "", "it was sent");
  end();
  write("later");
  takeBack();
  assert.equal(shown, "");
});
