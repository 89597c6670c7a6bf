/**
 * Drafts of messages, kept until they are sent. Each tab has its own drafts, which survive reloads. A page that closes
 * puts them on a shelf, and the next page takes one from there: the same tab takes its own, a new tab the newest. So a
 * draft is in one place at a time, and no tab overwrites another's. Drafts of talks in roulette never leave their tab.
 *
 * @typedef {Pick<import("../log/log.js").Message, "seq" | "body" | "edited_at" | "sender">} Subject
 * @typedef {{what: "edit" | "reply", message: Subject, body?: string, theirs?: boolean}} Task
 *   body: an edit's text so far; theirs: the text of `message` has changed since the edit began
 * @typedef {{text: string, task: Task | null}} Draft  text: the message to send; task: an edit (with its own text), or
 * the message to answer
 */
import { local, tab } from "web/storage.js";

/** The most drafts of one room on the shelf. */
const MOST = 5;
const EMPTY = /** @type {Draft} */ ({ text: "", task: null });
/** @type {Set<string>} the drafts that this page is using */
const mine = new Set();

const isTalk = (/** @type {string} */ key) => /^\d+:r-/.test(key);
const ownKey = (/** @type {string} */ key) => `draft:${key}`;
const nameKey = (/** @type {string} */ key) => `draft-name:${key}`;
/** Each draft on the shelf has its own key, since tabs that close together write at the same time. */
const shelfKey = (/** @type {string} */ key, name = "") => `drafts:${key}:${name}`;

/** @param {string | null} text @returns {any} */
function parsed(text) {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}

/** @typedef {Draft & {name: string, at: number}} Shelved  at: unix milliseconds, when it was put there */

/** @returns {Shelved[]} oldest first */
function shelf(/** @type {string} */ key) {
  const found = local.keys(shelfKey(key)).map((each) => parsed(local.getItem(each)));
  return found.filter((each) => each?.name).sort((one, other) => one.at - other.at);
}

/** Returns whether other pages can find it there. @param {string} key @param {Draft} draft @param {string} name */
function shelve(key, draft, name) {
  const drafts = shelf(key);
  const at = Math.max(Date.now(), (drafts.at(-1)?.at ?? 0) + 1);
  if (!local.setItem(shelfKey(key, name), JSON.stringify({ ...draft, name, at }))) return false;
  for (const old of drafts.slice(0, -(MOST - 1))) local.removeItem(shelfKey(key, old.name));
  return true;
}

/**
 * Take the draft to continue in this tab. It belongs to this tab from now on.
 * @param {string} key `<user id>:<room>`
 * @returns {Draft}
 */
export function takeDraft(key) {
  mine.add(key);
  const own = parsed(tab.getItem(ownKey(key)));
  if (own || isTalk(key)) return own ?? EMPTY;
  return fromShelf(key, (name, drafts) => drafts.find((each) => each.name === name) ?? drafts.at(-1));
}

/** @param {string} key @param {(name: string | null, drafts: Shelved[]) => Shelved | undefined} choose */
function fromShelf(key, choose) {
  const drafts = shelf(key);
  const found = choose(tab.getItem(nameKey(key)), drafts);
  if (!found) return EMPTY;
  local.removeItem(shelfKey(key, found.name));
  keepDraft(key, found);
  return { text: found.text, task: found.task };
}

/** @param {string} key @param {Draft} draft */
export function keepDraft(key, { text, task }) {
  if (text || task) tab.setItem(ownKey(key), JSON.stringify({ text, task }));
  else tab.removeItem(ownKey(key));
}

/** Take the unsent text of a room that is now closed; "" for a talk, whose draft is deleted with it. @returns {string} */
export function leftOver(/** @type {string} */ key) {
  if (isTalk(key)) return "";
  const { text, task } = takeDraft(key);
  return [task?.body, text].filter(Boolean).join("\n\n");
}

/** A talk is over: delete its draft. Drafts of rooms stay. */
export function endDraft(/** @type {string} */ key) {
  if (!isTalk(key)) return;
  mine.delete(key);
  tab.removeItem(ownKey(key));
}

/** The page closes, perhaps only for a moment: leave its drafts for the next page. */
export function shelveDrafts(name = Math.random().toString(36).slice(2)) {
  for (const key of mine) {
    const own = parsed(tab.getItem(ownKey(key)));
    if (!own || isTalk(key)) continue;
    // When the shelf is full or broken, the draft stays in this tab.
    if (!shelve(key, own, name)) continue;
    tab.setItem(nameKey(key), name);
    tab.removeItem(ownKey(key));
  }
}

/** @type {Set<() => void>} */
const restored = new Set();

/** Call `listener` when the browser restored a cached page: its fields show what may have been sent or changed since. */
export function onTakenBack(/** @type {() => void} */ listener) {
  restored.add(listener);
  return () => restored.delete(listener);
}

/** The browser restored a cached page: take its drafts back. */
export function takeBack() {
  for (const key of mine) fromShelf(key, (name, drafts) => drafts.find((each) => each.name === name));
  for (const listener of restored) listener();
}

globalThis.addEventListener?.("pagehide", () => shelveDrafts());
globalThis.addEventListener?.("pageshow", ({ persisted }) => persisted && takeBack());
