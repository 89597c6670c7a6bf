/** Coordinates the outboxes of several tabs. */

/** The most milliseconds to wait for a tab that is sending: the browser may have frozen it. */
const PATIENCE_MS = 5000;

/**
 * Run `act` in one tab at a time. Otherwise each tab would send every waiting message. The ids make that harmless, but
 * it is wasteful, and the order of two tabs' messages would be random. Browsers have locks only over HTTPS and on
 * localhost. Elsewhere, and when another tab holds the lock too long, `act` runs without it.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} act
 * @param {Pick<LockManager, "request">} [locks]
 * @returns {Promise<T>}
 */
export async function alone(name, act, locks = globalThis.navigator?.locks) {
  if (!locks) return act();
  let begun = false;
  const begin = () => {
    begun = true;
    return act();
  };
  try {
    return await locks.request(name, { signal: AbortSignal.timeout(PATIENCE_MS) }, begin);
  } catch (error) {
    if (begun) throw error;
    return act();
  }
}

/**
 * @typedef {{what: "kept"} | {what: "sent", id: string, seq: number} | {what: "discarded", id: string}} News
 *   kept: something was added or changed in the store
 */

/** Passes news of outboxes between the tabs of one person. */
export function openChannel(/** @type {number} */ user) {
  const channel = globalThis.BroadcastChannel ? new BroadcastChannel(`outbox ${user}`) : null;
  return {
    tell: (/** @type {News} */ news) => channel?.postMessage(news),
    listen: (/** @type {(news: News) => void} */ hear) => {
      if (channel) channel.onmessage = ({ data }) => hear(data);
    },
  };
}
