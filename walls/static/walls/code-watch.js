/**
 * A screen that shows a code until somebody enters it. No DOM.
 *
 * @typedef {{code: string | null, seconds?: number}} Told what the server shows this screen, and for how long
 */

/** Seconds between two looks; and at most, while the server is not there. */
const EVERY = 2;
const SELDOM = 10;

/**
 * Ask the server until it would show this screen something other than `code`: its wall, or another code.
 * @param {string} code
 * @param {{ask: () => Promise<Told>, wait: (seconds: number) => Promise<unknown>, say: (sentence: string) => void}} world
 *   say: what to tell of the code, or of the line
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

/** For how long a code is good, in words. */
export function goodFor(/** @type {number} */ seconds) {
  const minutes = Math.ceil(seconds / 60);
  return minutes > 1 ? `Good for ${minutes} minutes, then a new one comes.` : "A new one comes within a minute.";
}
