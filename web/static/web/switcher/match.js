/** Finds names by a few of their letters. Pure. */

/** @typedef {{score: number, hits: number[]}} Match  higher scores are better; hits: the matched letters, by index */

const MARKS = /\p{M}/gu;

/** Small letters without accents, one for each letter of `text`, so that indexes stay the same. */
const plain = (/** @type {string} */ text) => [...text].map((letter) => letter.normalize("NFD").replace(MARKS, "").toLowerCase() || letter);

const isBreak = (/** @type {string | undefined} */ letter) => letter === undefined || /[\s\-_./#]/.test(letter);

/**
 * How well `name` fits what was typed: its letters in this order, better together and at the beginning of words.
 * @param {string} typed
 * @param {string} name
 * @returns {Match | null} null: it does not fit
 */
export function match(typed, name) {
  const wanted = plain(typed.trim()).filter((letter) => !isBreak(letter));
  const letters = plain(name);
  if (!wanted.length) return { score: 0, hits: [] };
  let best = /** @type {Match | null} */ (null);
  // From each place where the first letter stands: the earliest of them need not be the best.
  letters.forEach((letter, start) => {
    if (letter !== wanted[0]) return;
    const found = from(start, wanted, letters);
    if (found && (!best || found.score > best.score)) best = found;
  });
  return best;
}

/** @param {number} start @param {string[]} wanted @param {string[]} letters @returns {Match | null} */
function from(start, wanted, letters) {
  const hits = [start];
  for (const letter of wanted.slice(1)) {
    const next = /** @type {number} */ (hits.at(-1)) + 1;
    // Right after the last one, at the beginning of a word, or anywhere.
    const starts = letters.findIndex((each, index) => index > next && each === letter && isBreak(letters[index - 1]));
    const at = letters[next] === letter || starts < 0 ? letters.indexOf(letter, next) : starts;
    if (at < 0) return null;
    hits.push(at);
  }
  let score = 0;
  hits.forEach((hit, index) => {
    if (isBreak(letters[hit - 1])) score += 8;
    if (index && hit === hits[index - 1] + 1) score += 6;
  });
  if (start === 0) score += 10;
  return { score: score - letters.length / 100 - (hits[hits.length - 1] - start) / 10, hits };
}

/**
 * `name` in pieces, those that were matched marked.
 * @param {string} name
 * @param {number[]} hits
 * @returns {{text: string, hit: boolean}[]}
 */
export function pieces(name, hits) {
  const found = /** @type {{text: string, hit: boolean}[]} */ ([]);
  [...name].forEach((letter, index) => {
    const hit = hits.includes(index);
    const last = found.at(-1);
    if (last?.hit === hit) last.text += letter;
    else found.push({ text: letter, hit });
  });
  return found;
}
