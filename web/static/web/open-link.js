/** The page that a link with a secret leads to: posts what is in the fragment, so that no address and no log has it. */
const form = /** @type {HTMLFormElement} */ (document.querySelector("form[hidden]"));

function open() {
  const token = location.hash.slice(1);
  document.querySelector("[data-incomplete]")?.toggleAttribute("hidden", Boolean(token));
  document.querySelector("[data-words]")?.toggleAttribute("hidden", !token);
  if (!token) return;
  history.replaceState(null, "", location.pathname); // the browser's history does not need it either
  /** @type {HTMLInputElement} */ (form.elements.namedItem("token")).value = token;
  form.submit();
}

addEventListener("hashchange", open);
open();
