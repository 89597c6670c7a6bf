/** The order of people in lists. */

/**
 * The reader first, the others by name.
 * @param {Iterable<import("realtime/people.js").User>} people
 * @param {number} me
 */
export const inOrder = (people, me) =>
  [...people].sort((a, b) => Number(b.id === me) - Number(a.id === me) || a.name.localeCompare(b.name) || a.id - b.id);
