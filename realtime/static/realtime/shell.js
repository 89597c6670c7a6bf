/** What every page does at its start: theme switch, avatars, keys. */
import { paintAvatars } from "./people.js";
import { startShortcuts } from "./shortcuts.js";
import { themeSwitch } from "./theme.js";

for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-theme-switch]"))) {
  themeSwitch(button);
}
paintAvatars(document);
startShortcuts();
