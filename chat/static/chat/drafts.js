/**
 * What is being written, kept until it is sent. Each tab has its own, through reloads; a page that goes puts it on a shelf,
 * from where the page that comes next takes it: the same tab its own, a new tab the newest. So a draft is in one place
 * at a time, and no tab overwrites another's. A draft of a talk in roulette never leaves its tab.
 *
 * @typedef {Pick<import("./log.js").Message, "seq" | "body" | "edited_at" | "sender">} Subject
 * @typedef {{what: "edit" | "reply", message: Subject, body?: string, theirs?: boolean}} Task
 *   body: an edit's text so far; theirs: `message` has got another text since the edit began
 * @typedef {{text: string, task: Task | null}} Draft  text: what is to be sent; task: an edit with its own text, or what it answers
 */
import { local, tab } from "realtime/storage.js";

/** Drafts of one room that wait on the shelf at most. */
const MOST = 5;
const EMPTY = /** @type {Draft} */ ({ text: "", task: null });
/** @type {Set<string>} those that this page writes on */
const mine = new Set();

const isTalk = (/** @type {string} */ key) => /^\d+:r-/.test(key);
const ownKey = (/** @type {string} */ key) => `draft:${key}`;
const nameKey = (/** @type {string} */ key) => `draft-name:${key}`;
const shelfKey = (/** @type {string} */ key) => `drafts:${key}`;

/** @param {string | null} text @returns {any} */
function parsed(text) {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}

/** @typedef {Draft & {name: string}} Shelved */

/** @returns {Shelved[]} oldest first */
function shelf(/** @type {string} */ key) {
  const found = parsed(local.getItem(shelfKey(key)));
  return Array.isArray(found) ? found : [];
}

/** Returns whether other pages find them there. */
function fill(/** @type {string} */ key, /** @type {Shelved[]} */ drafts) {
  if (drafts.length) return local.setItem(shelfKey(key), JSON.stringify(drafts.slice(-MOST)));
  local.removeItem(shelfKey(key));
  return true;
}

/**
 * The draft to go on with in this tab. It is this tab's from now on.
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
  fill(key, drafts.filter((each) => each !== found));
  keepDraft(key, found);
  return { text: found.text, task: found.task };
}

/** @param {string} key @param {Draft} draft */
export function keepDraft(key, { text, task }) {
  if (text || task) tab.setItem(ownKey(key), JSON.stringify({ text, task }));
  else tab.removeItem(ownKey(key));
}

/** What was being written in a room where nothing can be said any more; "" of a talk, with which it goes. @returns {string} */
export function leftOver(/** @type {string} */ key) {
  if (isTalk(key)) return "";
  const { text, task } = takeDraft(key);
  return [task?.body, text].filter(Boolean).join("\n\n");
}

/** A talk is over, and its draft with it. Drafts of rooms stay. */
export function endDraft(/** @type {string} */ key) {
  if (!isTalk(key)) return;
  mine.delete(key);
  tab.removeItem(ownKey(key));
}

/** The page goes, for a moment or for good: leave its drafts to whichever comes next. */
export function shelveDrafts(name = Math.random().toString(36).slice(2)) {
  for (const key of mine) {
    const own = parsed(tab.getItem(ownKey(key)));
    if (!own || isTalk(key)) continue;
    // A shelf that is full or broken takes nothing: then it stays this tab's.
    if (!fill(key, [...shelf(key), { ...own, name }])) continue;
    tab.setItem(nameKey(key), name);
    tab.removeItem(ownKey(key));
  }
}

/** A page that the browser had only put aside has its words in its fields still: they are its own again. */
export function takeBack() {
  for (const key of mine) fromShelf(key, (name, drafts) => drafts.find((each) => each.name === name));
}

globalThis.addEventListener?.("pagehide", () => shelveDrafts());
globalThis.addEventListener?.("pageshow", ({ persisted }) => persisted && takeBack());
