/** Seconds for which somebody who typed counts as typing. */
const TYPING_SECONDS = 6;

/**
 * Who is typing in a room. `tell` is called when the list changes by itself.
 *
 * @typedef {import("realtime/people.js").User} User
 */
export class Typists {
  /** @param {{timers: any, tell: () => void}} world */
  constructor({ timers, tell }) {
    this.timers = timers;
    this.tell = tell;
    /** @type {Map<number, {user: User, timer: any}>} */
    this.known = new Map();
  }

  /** @returns {User[]} in the order in which they typed last */
  get users() {
    return [...this.known.values()].map(({ user }) => user);
  }

  heard(/** @type {User} */ user) {
    this.stop(user.id);
    const timer = this.timers.setTimeout(() => {
      this.known.delete(user.id);
      this.tell();
    }, TYPING_SECONDS * 1000);
    this.known.set(user.id, { user, timer });
  }

  /** Somebody has sent what they typed, or has gone. */
  stop(/** @type {number} */ id) {
    this.timers.clearTimeout(this.known.get(id)?.timer);
    this.known.delete(id);
  }

  rename(/** @type {User} */ user) {
    const typist = this.known.get(user.id);
    if (typist) typist.user = user;
  }

  clear() {
    for (const id of [...this.known.keys()]) this.stop(id);
  }
}
