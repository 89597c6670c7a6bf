/** What every page does at its start: theme switch, avatars, dates, keys, links, and the check for another person. */
import "./translated.js";
import { watchPerson } from "./another-person.js";
import "./own-links.js";
import { person } from "./page.js";
import { paintAvatars } from "realtime/people.js";
import { startShortcuts } from "./shortcuts.js";
import { themeSwitch } from "./theme.js";
import { wholeDate } from "./time.js";

for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-theme-switch]"))) {
  themeSwitch(button);
}
for (const time of /** @type {NodeListOf<HTMLTimeElement>} */ (document.querySelectorAll("time[data-local-date]"))) {
  time.textContent = wholeDate(time.dateTime);
}
paintAvatars(document);
startShortcuts();
watchPerson(person);
