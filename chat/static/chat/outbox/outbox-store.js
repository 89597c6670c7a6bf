/**
 * Stores unsent messages in IndexedDB, so that they outlive their tab. In some browsers, and with a full or broken
 * disk, IndexedDB fails or never answers. Then the page goes on without it, and says so.
 *
 * @typedef {import("./outbox.js").Entry} Entry
 */

const NAME = "switchboard";
const TABLE = "outbox";
/** Seconds that any operation may take. Sending waits for the store, so that a crash in between loses nothing. */
const PATIENCE_SECONDS = 2;

export class OutboxStore {
  /** @param {{open?: () => IDBOpenDBRequest, timers?: any}} [world] */
  constructor({ open = () => indexedDB.open(NAME, 1), timers = globalThis } = {}) {
    this.timers = timers;
    /** True when the store has failed. */
    this.isLost = false;
    this.onLost = () => {};
    this.database = opened(open);
    this.database.catch(() => {}); // set by the user of the store
  }

  /** @returns {Promise<Entry[]>} the entries of all people; none when the store has failed */
  async all() {
    return (await this.#use("readonly", (table) => table.getAll())) ?? [];
  }

  async put(/** @type {Entry} */ entry) {
    await this.#use("readwrite", (table) => table.put(entry));
  }

  async remove(/** @type {string} */ id) {
    const erase = (/** @type {IDBObjectStore} */ table) => table.delete(id);
    // Try even when the store is only late, or the next page would send what was discarded.
    if (this.isLost) void this.#run("readwrite", erase).catch(() => {});
    else await this.#use("readwrite", erase);
  }

  /**
   * @template T
   * @param {IDBTransactionMode} mode
   * @param {(table: IDBObjectStore) => IDBRequest<T>} act
   * @returns {Promise<T | undefined>} undefined: the store has failed
   */
  async #use(mode, act) {
    if (this.isLost) return undefined;
    let alarm;
    const late = new Promise((_, reject) => {
      alarm = this.timers.setTimeout(() => reject(new Error("The store is late.")), PATIENCE_SECONDS * 1000);
    });
    try {
      return /** @type {T} */ (await Promise.race([this.#run(mode, act), late]));
    } catch {
      if (!this.isLost) {
        this.isLost = true;
        this.onLost();
      }
      return undefined;
    } finally {
      this.timers.clearTimeout(alarm);
    }
  }

  /**
   * @template T
   * @param {IDBTransactionMode} mode
   * @param {(table: IDBObjectStore) => IDBRequest<T>} act
   */
  async #run(mode, act) {
    const database = await this.database;
    return done(act(database.transaction(TABLE, mode).objectStore(TABLE)));
  }
}

/** @param {() => IDBOpenDBRequest} open @returns {Promise<IDBDatabase>} */
async function opened(open) {
  const request = open();
  request.onupgradeneeded = () => request.result.createObjectStore(TABLE, { keyPath: "id" });
  return done(request);
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
