/** The page of a screen that waits to be paired; it goes on to its wall by itself. */
import { ask, given } from "web/page.js";
import { goodFor, untilChanged } from "./code-watch.js";
import { reloadWhenServed } from "boards/full/reload.js";
import { keepAwake } from "boards/full/wake-lock.js";

const { code, seconds } = given("page-config");
const notice = document.querySelector("[data-notice]");
const say = (/** @type {string} */ sentence) => {
  if (notice && notice.textContent !== sentence) notice.textContent = sentence;
};
const wait = (/** @type {number} */ seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

keepAwake();
if (!navigator.cookieEnabled) {
  // To the server, each load would be another screen.
  say("This browser keeps no cookies. Switch them on, or open a link that was made under Screens.");
} else {
  if (code) {
    say(goodFor(seconds));
    await untilChanged(code, { ask: () => ask("GET", "/wall/state/"), wait, say });
  }
  await reloadWhenServed();
}
