/** The theme: light, dark, or as the system says. base.html applies a stored choice before the first paint. */
import { local } from "./storage.js";

/** @typedef {"system" | "light" | "dark"} Theme */

const ORDER = /** @type {Theme[]} */ (["system", "light", "dark"]);
const LABELS = { system: "Theme: as the system", light: "Theme: light", dark: "Theme: dark" };

/** @returns {Theme} */
export function theme() {
  const chosen = document.documentElement.dataset.theme;
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

export function chooseTheme(/** @type {Theme} */ chosen) {
  if (chosen === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
  if (chosen === "system") local.removeItem("theme");
  else local.setItem("theme", chosen);
  // Canvases must change their colours themselves.
  document.dispatchEvent(new CustomEvent("themechange", { detail: chosen }));
}

/** Make a button switch through the three themes and show the present one. */
export function themeSwitch(/** @type {HTMLElement} */ button) {
  const label = () => {
    button.setAttribute("aria-label", LABELS[theme()]);
    button.title = LABELS[theme()];
  };
  button.addEventListener("click", () => {
    chooseTheme(ORDER[(ORDER.indexOf(theme()) + 1) % ORDER.length]);
    label();
  });
  label();
}
