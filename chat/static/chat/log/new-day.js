import { dayKey } from "web/time.js";

/** So often the clock is looked at: a timer up to midnight would sleep with the machine. */
const LOOK_MS = 20_000;

/** Call `act` when another day has begun: "Today" is "Yesterday" now. Returns what ends it. */
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
