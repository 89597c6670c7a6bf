/**
 * Covers a page that has stopped because somebody else is now signed in in this browser.
 *
 * @typedef {import("realtime/people.js").User} User
 * @typedef {import("realtime/person.js").Person} Person
 */

/** Milliseconds between two checks of who is signed in, while the page is covered. */
const EVERY = 3000;

/** @param {User | null} user the person the page was made for @param {User | null} other who is signed in now */
export function farewell(user, other) {
  const now = other ? `You are signed in as ${other.name} in this browser now.` : "You are signed out in this browser.";
  const action = other ? `Go on as ${other.name}` : "Sign in";
  if (!user) return { now, was: "Nobody was signed in on this page.", action };
  const kept = user.guest
    ? `${user.name} was a guest and cannot come back: what was not sent stays unsent.`
    : `What ${user.name} had written is kept here until ${user.name} signs in again.`;
  return { now, was: `This page was for ${user.name}. ${kept}`, action };
}

/** Check whenever the reader comes back to the page; cover it when somebody else is signed in. */
export function watchPerson(/** @type {Person} */ person) {
  /** @type {HTMLDialogElement | null} */
  let dialog = null;
  const look = () => document.visibilityState === "visible" && void person.check();
  const cover = () => {
    // The page's own person is back: reload, with everything that was kept.
    if (person.other && person.other.id === person.user?.id) return location.reload();
    if (!dialog) setInterval(look, EVERY);
    dialog ??= makeCover();
    fill(dialog, farewell(person.user, person.other ?? null));
    if (!dialog.open) dialog.showModal();
  };
  person.onGone(cover);
  if (person.isGone) cover();
  addEventListener("pageshow", ({ persisted }) => persisted && look());
  document.addEventListener("visibilitychange", look);
}

function makeCover() {
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  dialog.setAttribute("aria-labelledby", "another-person");
  const heading = Object.assign(document.createElement("h2"), { id: "another-person" });
  const actions = Object.assign(document.createElement("div"), { className: "dialog__actions" });
  // Load this address again: the server makes the page for the person signed in, or asks to sign in.
  const link = Object.assign(document.createElement("a"), { className: "button button--primary" });
  link.href = location.pathname + location.search;
  actions.append(link);
  dialog.append(heading, document.createElement("p"), actions);
  // It cannot be closed: the page behind it has stopped.
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  dialog.addEventListener("close", () => dialog.showModal());
  document.body.append(dialog);
  return dialog;
}

/** @param {HTMLDialogElement} dialog @param {ReturnType<typeof farewell>} words */
function fill(dialog, { now, was, action }) {
  const [heading, text, link] = ["h2", "p", "a"].map((name) => /** @type {HTMLElement} */ (dialog.querySelector(name)));
  heading.textContent = now;
  text.textContent = was;
  link.textContent = action;
}
