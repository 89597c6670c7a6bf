/** The topics that a person in roulette wants to talk about. */

export const MOST_TOPICS = 5;
/** Characters of one topic. */
const LONGEST_TOPIC = 30;

/** The topics in a comma-separated field: in lower case, without repeats. @returns {string[]} */
export function readTopics(/** @type {string} */ text) {
  const words = text.split(",").map((word) => [...word.trim()].slice(0, LONGEST_TOPIC).join("").toLowerCase());
  return [...new Set(words.filter(Boolean))].slice(0, MOST_TOPICS);
}
