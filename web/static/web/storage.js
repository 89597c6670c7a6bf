/**
 * The browser's storage, made so that it never throws. Where it is off or full, values live as long as the page.
 * Even reading the name `localStorage` may throw, so no other code uses it.
 */
export class SafeStorage {
  /** @param {() => Pick<Storage, "getItem" | "setItem" | "removeItem"> & Partial<Pick<Storage, "key" | "length">>} open */
  constructor(open) {
    this.open = open;
    /** @type {Map<string, string | null>} changes that could not be stored; null: removed */
    this.memory = new Map();
  }

  /** @returns {string | null} */
  getItem(/** @type {string} */ key) {
    const kept = this.memory.get(key);
    if (kept !== undefined) return kept;
    try {
      return this.open().getItem(key);
    } catch {
      return null;
    }
  }

  /** The keys that begin with `prefix`. @returns {string[]} */
  keys(/** @type {string} */ prefix) {
    const found = new Set(this.memory.keys());
    try {
      const storage = this.open();
      for (let index = 0; index < (storage.length ?? 0); index += 1) found.add(storage.key?.(index) ?? "");
    } catch {
      // storage is off: use what is in memory
    }
    return [...found].filter((key) => key.startsWith(prefix) && this.getItem(key) !== null);
  }

  /** Returns whether the value outlives the page. */
  setItem(/** @type {string} */ key, /** @type {string} */ value) {
    return this.#write(key, value, (storage) => storage.setItem(key, value));
  }

  removeItem(/** @type {string} */ key) {
    this.#write(key, null, (storage) => storage.removeItem(key));
  }

  /** @param {string} key @param {string | null} value @param {(storage: any) => void} act */
  #write(key, value, act) {
    try {
      act(this.open());
      this.memory.delete(key);
      return true;
    } catch {
      this.memory.set(key, value);
      return false;
    }
  }
}

/** Shared by all tabs, and permanent. */
export const local = new SafeStorage(() => localStorage);
/** For this tab only; survives reloads. */
export const tab = new SafeStorage(() => sessionStorage);
