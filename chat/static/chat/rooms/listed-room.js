/** What the lists of the page tell of a room, before or without an answer of the server; and how a room is called. */

/** The mark before a room's name. @type {Record<string, string>} */
const MARKS = { members: "lock", direct: "person" };
export const markOf = (/** @type {string} */ kind) => MARKS[kind] ?? "hash";

/** @returns {Element | null} */
const linkTo = (/** @type {string} */ slug) => document.querySelector(`[data-room="${CSS.escape(slug)}"]`);

/** The name of a room in the lists; its address when it is not there. */
export const listedName = (/** @type {string} */ slug) => linkTo(slug)?.querySelector("[data-name]")?.textContent || slug;

export const isListedDirect = (/** @type {string} */ slug) =>
  Boolean(linkTo(slug)?.querySelector(`[data-mark="${MARKS.direct}"]`));

/** A direct room is called by the names of its people alone. */
export const titled = (/** @type {string} */ name, /** @type {boolean} */ isDirect) => (isDirect ? name : `# ${name}`);
