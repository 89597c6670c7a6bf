/** Where unsent messages outlive their tab: IndexedDB, or memory where there is none. */

/**
 * @typedef {import("./outbox.js").Entry} Entry
 * @typedef {import("./outbox.js").Store} Store
 */

const NAME = "switchboard";
const TABLE = "outbox";

/** @returns {Store} */
export function openStore() {
  /** @type {Promise<IDBDatabase | null>} */
  const opened = openDatabase().catch(() => null);
  /** @type {Map<string, Entry>} */
  const memory = new Map();
  return {
    all: async () => {
      const database = await opened;
      return database ? done(table(database, "readonly").getAll()) : [...memory.values()];
    },
    put: async (entry) => {
      const database = await opened;
      return database ? done(table(database, "readwrite").put(entry)) : memory.set(entry.id, entry);
    },
    remove: async (id) => {
      const database = await opened;
      return database ? done(table(database, "readwrite").delete(id)) : memory.delete(id);
    },
  };
}

/** @returns {Promise<IDBDatabase>} */
async function openDatabase() {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(TABLE, { keyPath: "id" });
  return done(request);
}

const table = (/** @type {IDBDatabase} */ database, /** @type {IDBTransactionMode} */ mode) =>
  database.transaction(TABLE, mode).objectStore(TABLE);

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
