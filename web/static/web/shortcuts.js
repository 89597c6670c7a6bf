/** Keyboard shortcuts. `?` shows the page's list. */

/** @typedef {{key: string, what: string, press?: () => void}} Shortcut  without `press`: only listed, handled elsewhere */

/** @type {Shortcut[]} */
const shortcuts = [];

/** Add a shortcut. Single keys work outside fields only. */
export function shortcut(/** @type {string} */ key, /** @type {string} */ what, /** @type {() => void} */ press) {
  shortcuts.push({ key, what, press });
}

/** List a key that a field handles by itself. */
export function tell(/** @type {string} */ key, /** @type {string} */ what) {
  shortcuts.push({ key, what });
}

const isField = (/** @type {EventTarget | null} */ target) =>
  target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));

function onKey(/** @type {KeyboardEvent} */ event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isField(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  const found = shortcuts.find(({ key, press }) => press && key === event.key);
  if (!found?.press) return;
  event.preventDefault();
  found.press();
}

function showList() {
  const dialog = /** @type {HTMLDialogElement | null} */ (document.getElementById("shortcuts"));
  const list = dialog?.querySelector("[data-shortcuts]");
  if (!dialog || !list) return;
  list.replaceChildren(...shortcuts.flatMap(({ key, what }) => [term(key), definition(what)]));
  dialog.showModal();
}

function term(/** @type {string} */ keys) {
  const element = document.createElement("dt");
  for (const key of keys.split(" ")) {
    const kbd = document.createElement("kbd");
    kbd.textContent = key;
    element.append(kbd, " ");
  }
  return element;
}

function definition(/** @type {string} */ what) {
  const element = document.createElement("dd");
  element.textContent = what;
  return element;
}

/** Start listening for keys, and connect the page's buttons that open the list. */
export function startShortcuts() {
  shortcut("?", "Show this list", showList);
  document.addEventListener("keydown", onKey);
  for (const button of document.querySelectorAll("[data-shortcuts-open]")) button.addEventListener("click", showList);
}
