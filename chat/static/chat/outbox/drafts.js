/**
 * What is being written, kept until it is sent. Each tab has its own, through reloads; a page that goes puts it on a shelf,
 * from where the page that comes next takes it: the same tab its own, a new tab the newest. So a draft is in one place
 * at a time, and no tab overwrites another's. A draft of a talk in roulette never leaves its tab.
 *
 * @typedef {Pick<import("../log/log.js").Message, "seq" | "body" | "edited_at" | "sender">} Subject
 * @typedef {{what: "edit" | "reply", message: Subject, body?: string, theirs?: boolean}} Task
 *   body: an edit's text so far; theirs: `message` has got another text since the edit began
 * @typedef {{text: string, task: Task | null}} Draft  text: what is to be sent; task: an edit with its own text, or what it answers
 */
import { local, tab } from "web/storage.js";

/** Drafts of one room that wait on the shelf at most. */
const MOST = 5;
const EMPTY = /** @type {Draft} */ ({ text: "", task: null });
/** @type {Set<string>} those that this page writes on */
const mine = new Set();

const isTalk = (/** @type {string} */ key) => /^\d+:r-/.test(key);
const ownKey = (/** @type {string} */ key) => `draft:${key}`;
const nameKey = (/** @type {string} */ key) => `draft-name:${key}`;
/** Each draft on the shelf has a key of its own: tabs that close together write at the same time. */
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

/** Returns whether other pages find it there. @param {string} key @param {Draft} draft @param {string} name */
function shelve(key, draft, name) {
  const drafts = shelf(key);
  const at = Math.max(Date.now(), (drafts.at(-1)?.at ?? 0) + 1);
  if (!local.setItem(shelfKey(key, name), JSON.stringify({ ...draft, name, at }))) return false;
  for (const old of drafts.slice(0, -(MOST - 1))) local.removeItem(shelfKey(key, old.name));
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
  local.removeItem(shelfKey(key, found.name));
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
    if (!shelve(key, own, name)) continue;
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
