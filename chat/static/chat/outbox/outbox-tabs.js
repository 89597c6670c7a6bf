/** What the outboxes of several tabs have together. */

/** Milliseconds after which a tab that is sending is waited for no longer: the browser may have frozen it. */
const PATIENCE_MS = 5000;

/**
 * Run `act` in one tab at a time. Without this, each tab that finds a waiting message would send it: the ids make that
 * harmless, but each sends what the others do, and the order of two tabs' messages is chance. Browsers have locks only
 * over HTTPS and on this machine; elsewhere, and when another tab holds on too long, the ids alone must do.
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
 *   kept: something was added to the store or changed there
 */

/** How tabs of one person hear of each other's outboxes. */
export function openChannel(/** @type {number} */ user) {
  const channel = globalThis.BroadcastChannel ? new BroadcastChannel(`outbox ${user}`) : null;
  return {
    tell: (/** @type {News} */ news) => channel?.postMessage(news),
    listen: (/** @type {(news: News) => void} */ hear) => {
      if (channel) channel.onmessage = ({ data }) => hear(data);
    },
  };
}
