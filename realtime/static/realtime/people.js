/** Avatars: initials on a colour that belongs to the person. */

/** @typedef {{id: number, name: string, guest: boolean}} User */

const HUES = 8;

/** "AM" for "Ada Moor", "GR" for "Grace", one character when there is only one. Emoji stay whole. */
export function initials(/** @type {string} */ name) {
  const words = name.trim().split(/\s+/u);
  const signs = words.length > 1 ? [first(words[0]), first(words[words.length - 1])] : graphemes(words[0]).slice(0, 2);
  // Two emoji do not fit where two letters do.
  const letters = signs.every((sign) => /^[\p{L}\p{N}]/u.test(sign));
  return (letters ? signs.join("") : signs[0]).toUpperCase() || "?";
}

/** The number of the colour that belongs to a user's id. */
export const hue = (/** @type {number} */ id) => Math.abs(id * 5 + 3) % HUES;

/** Fill in the avatars that the server rendered. */
export function paintAvatars(/** @type {ParentNode} */ root) {
  for (const avatar of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-avatar]"))) {
    avatar.textContent = initials(avatar.dataset.name ?? "");
    avatar.dataset.hue = String(hue(Number(avatar.dataset.user)));
  }
}

const segmenter = new Intl.Segmenter();
const graphemes = (/** @type {string} */ text) => [...segmenter.segment(text)].map(({ segment }) => segment);
const first = (/** @type {string} */ word) => graphemes(word)[0] ?? "";
