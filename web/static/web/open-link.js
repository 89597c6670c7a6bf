/** The page that a secret link opens: it posts the secret from the fragment, so that no address and no log has it. */
const form = /** @type {HTMLFormElement} */ (document.querySelector("form[hidden]"));

function open() {
  const token = location.hash.slice(1);
  document.querySelector("[data-incomplete]")?.toggleAttribute("hidden", Boolean(token));
  document.querySelector("[data-words]")?.toggleAttribute("hidden", !token);
  if (!token) return;
  history.replaceState(null, "", location.pathname); // keep it out of the browser's history, too
  /** @type {HTMLInputElement} */ (form.elements.namedItem("token")).value = token;
  form.submit();
}

addEventListener("hashchange", open);
open();
