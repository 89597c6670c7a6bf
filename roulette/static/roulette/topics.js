/** What somebody in roulette wants to talk about. */

export const MOST_TOPICS = 5;
/** Characters of one topic. */
const LONGEST_TOPIC = 30;

/** The topics in a field with commas between them: in lower case, each once. @returns {string[]} */
export function readTopics(/** @type {string} */ text) {
  const words = text.split(",").map((word) => [...word.trim()].slice(0, LONGEST_TOPIC).join("").toLowerCase());
  return [...new Set(words.filter(Boolean))].slice(0, MOST_TOPICS);
}
