/**
 * A screen that shows a code until somebody enters it. No DOM.
 *
 * @typedef {{code: string | null, seconds?: number}} Told what the server shows this screen, and for how long
 */

/** Seconds between two requests: usually, and at most while the server does not answer. */
const EVERY = 2;
const SELDOM = 10;

/**
 * Ask the server until this screen should show something other than `code`: its wall, or a new code.
 * @param {string} code
 * @param {{ask: () => Promise<Told>, wait: (seconds: number) => Promise<unknown>, say: (sentence: string) => void}} world
 *   say: shows a sentence about the code or the connection
 */
export async function untilChanged(code, { ask, wait, say }) {
  for (let failures = 0; ; ) {
    await wait(Math.min(EVERY * 2 ** failures, SELDOM));
    try {
      const told = await ask();
      if (told.code !== code) return;
      failures = 0;
      say(goodFor(told.seconds ?? 0));
    } catch {
      failures += 1;
      say("Not connected to the server. This goes on by itself.");
    }
  }
}

/** How long a code stays valid, in words. */
export function goodFor(/** @type {number} */ seconds) {
  const minutes = Math.ceil(seconds / 60);
  return minutes > 1 ? `Good for ${minutes} minutes, then a new one comes.` : "A new one comes within a minute.";
}
