/**
 * The person a page is made for. Somebody else may sign in in another tab; then sockets and requests, which ask here,
 * stop: nothing may go on under the second name.
 *
 * @typedef {import("./people.js").User} User
 */

export class Person {
  /**
   * @param {User | null} user null: nobody is signed in on this page
   * @param {() => Promise<User | null>} [look] asks the server who is signed in in this browser now
   */
  constructor(user, look = async () => user) {
    this.user = user;
    this.look = look;
    /** @type {User | null | undefined} who is signed in instead (null: nobody); undefined: the page is still theirs */
    this.other = undefined;
    /** @type {Set<() => void>} */
    this.listeners = new Set();
  }

  /** Whether somebody else is signed in now. The page has stopped for good. */
  get isGone() {
    return this.other !== undefined;
  }

  /** Take from the server who is signed in; return whether the page may go on. Once it may not, it never may again. */
  meets(/** @type {User | null | undefined} */ user) {
    if (!this.isGone && same(user, this.user)) return true;
    if (this.isGone && same(user, this.other)) return false;
    this.other = user ?? null;
    for (const listener of [...this.listeners]) listener();
    return false;
  }

  /** Ask the server. When it cannot be reached, nothing changes. */
  async check() {
    if (!this.user) return;
    const user = await this.look().catch(() => undefined);
    if (user !== undefined) this.meets(user);
  }

  /** Call `listener` when somebody else signs in, and at each further change. Returns a function that stops this. */
  onGone(/** @type {() => void} */ listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

const same = (/** @type {User | null | undefined} */ one, /** @type {User | null | undefined} */ other) =>
  (one?.id ?? 0) === (other?.id ?? 0);
