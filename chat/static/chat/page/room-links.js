/** Which links lead to a room, and which clicks the page may answer by itself. Pure. */

const ROOM = /^\/rooms\/([\w-]+)\/$/;

/**
 * The room at an address of this site; "" for every other address, also for one inside a room.
 * @param {{origin: string, pathname: string, search: string, hash: string}} address a link or a URL
 * @param {string} ownOrigin of this site
 */
export function roomAt({ origin, pathname, search, hash }, ownOrigin) {
  if (origin !== ownOrigin || search || hash) return "";
  return ROOM.exec(pathname)?.[1] ?? "";
}

/**
 * The room that a click leads to in this page; "" when the browser should follow the link as usual.
 * @param {{defaultPrevented: boolean, button: number, ctrlKey: boolean, metaKey: boolean, shiftKey: boolean,
 *   altKey: boolean}} click
 * @param {(Parameters<typeof roomAt>[0] & {target: string, hasAttribute: (name: string) => boolean}) | null} link
 * @param {string} origin of this site
 */
export function roomOfClick(click, link, origin) {
  if (!link || click.defaultPrevented || click.button !== 0) return "";
  if (click.ctrlKey || click.metaKey || click.shiftKey || click.altKey) return "";
  if ((link.target && link.target !== "_self") || link.hasAttribute("download")) return "";
  return roomAt(link, origin);
}

export const addressOf = (/** @type {string} */ slug) => `/rooms/${encodeURIComponent(slug)}/`;
