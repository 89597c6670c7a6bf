/** Keeps a screen from going dark, where the browser lets a page do so. */

/** Milliseconds before asking again for a lock that was refused or taken away. */
const AGAIN = 60_000;

/**
 * Keep the screen on from now on.
 * @param {{
 *   navigator?: {wakeLock?: {request: (type: "screen") => Promise<{released: boolean}>}}, isSecureContext?: boolean,
 *   document?: Pick<Document, "visibilityState" | "addEventListener">, setInterval?: (act: () => void, every: number) => unknown,
 * }} world
 * @returns {() => string} why the screen may still go dark; "" while it cannot
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
      // Refused, for example on low battery: try later.
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
