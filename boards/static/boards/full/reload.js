/** Reloads a page on a screen without a person who could try again. */
import { backoff } from "realtime/backoff.js";
import { tab } from "web/storage.js";

/** The least seconds between two reloads for new builds: during a deploy, old and new servers may answer in turn. */
const PAUSE = 60;

const sleep = (/** @type {number} */ seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/**
 * Reload this page once the server can serve it; otherwise a proxy's error page would stay on the screen. A 404 counts
 * as served, too: its page says what to do.
 * @param {{
 *   fetch?: (address: string) => Promise<{ok: boolean, status: number}>, reload?: () => void,
 *   wait?: (seconds: number) => Promise<unknown>, random?: () => number,
 * }} [world]
 */
export async function reloadWhenServed({
  fetch = (address) => globalThis.fetch(address, { cache: "no-store" }),
  reload = () => location.reload(),
  wait = sleep,
  random = Math.random,
} = {}) {
  for (let attempt = 0; ; attempt++) {
    try {
      const { ok, status } = await fetch(globalThis.location?.href ?? "");
      if (ok || status === 404) return reload();
    } catch {
      // No network: try later.
    }
    await wait(1 + backoff(attempt, { random }));
  }
}

/** Seconds until this page may reload for a new build, with chance added so that not all screens reload at once. */
export function secondsToReload(now = Date.now(), random = Math.random, storage = /** @type {Pick<Storage, "getItem" | "setItem">} */ (tab)) {
  const chance = 1 + random() * 10;
  const last = Number(storage.getItem("reloaded")) || 0;
  storage.setItem("reloaded", String(now + chance * 1000));
  return Math.max(chance, last ? PAUSE - (now - last) / 1000 : 0);
}
