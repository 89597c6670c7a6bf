/** What every page does at its start: theme switch, avatars, keys, links; and it stops when somebody else is signed in. */
import "./translated.js";
import { watchPerson } from "./another-person.js";
import "./own-links.js";
import { person } from "./page.js";
import { paintAvatars } from "./people.js";
import { startShortcuts } from "./shortcuts.js";
import { themeSwitch } from "./theme.js";

for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-theme-switch]"))) {
  themeSwitch(button);
}
paintAvatars(document);
startShortcuts();
watchPerson(person);
