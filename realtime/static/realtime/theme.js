/** Light, dark or the system's choice. base.html applies a kept choice before the first paint. */

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
  try {
    if (chosen === "system") localStorage.removeItem("theme");
    else localStorage.setItem("theme", chosen);
  } catch {
    // Storage is off: the choice holds for this page.
  }
  // Canvases have colours of their own to change.
  document.dispatchEvent(new CustomEvent("themechange", { detail: chosen }));
}

/** Make a button go round the three themes and say which one is on. */
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
