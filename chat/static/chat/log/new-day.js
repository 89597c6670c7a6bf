import { dayKey } from "web/time.js";

/** Milliseconds between two checks of the clock. (A timer until midnight would stop while the machine sleeps.) */
const LOOK_MS = 20_000;

/** Call `act` when a new day has begun, since "Today" is now "Yesterday". Returns a function that stops this. */
export function onNewDay(/** @type {() => void} */ act) {
  let day = dayKey(Date.now());
  const looking = setInterval(() => {
    const today = dayKey(Date.now());
    if (today === day) return;
    day = today;
    act();
  }, LOOK_MS);
  return () => clearInterval(looking);
}
