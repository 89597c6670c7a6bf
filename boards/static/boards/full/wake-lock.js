/** Keeping a screen from going dark, as far as the browser lets a page do that. */

/** Milliseconds after which a lock is asked for again that was not given, or was taken away. */
const AGAIN = 60_000;

/**
 * Keep the screen on from now on.
 * @param {{
 *   navigator?: {wakeLock?: {request: (type: "screen") => Promise<{released: boolean}>}}, isSecureContext?: boolean,
 *   document?: Pick<Document, "visibilityState" | "addEventListener">, setInterval?: (act: () => void, every: number) => unknown,
 * }} world
 * @returns {() => string} why the screen may go dark all the same; "" while it does not
 */
export function keepAwake(world = /** @type {any} */ (globalThis)) {
  const { navigator, document, isSecureContext, setInterval } = /** @type {typeof globalThis} */ (world);
  /** @type {{released: boolean} | null} */
  let lock = null;
  const ask = async () => {
    // A hidden page loses its lock and gets none.
    if (document.visibilityState !== "visible" || (lock && !lock.released)) return;
    try {
      lock = await navigator.wakeLock.request("screen");
    } catch {
      // Low on battery, say: later, perhaps.
    }
  };
  if ("wakeLock" in navigator) {
    document.addEventListener("visibilitychange", ask);
    setInterval.call(world, ask, AGAIN);
    void ask();
  }
  return () => {
    if (lock && !lock.released) return "";
    if ("wakeLock" in navigator) return "The system does not let this page keep the screen on.";
    return isSecureContext ? "This browser cannot keep the screen on." : "Over http a page cannot keep the screen on: use https.";
  };
}
