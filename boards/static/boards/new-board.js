/** Makes a board and opens it for editing. */
import { ask } from "web/page.js";

const form = /** @type {HTMLFormElement | null} */ (document.querySelector("[data-new-board]"));

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = /** @type {HTMLInputElement} */ (form.elements.namedItem("title"));
  field.setCustomValidity("");
  try {
    const { board } = await ask("POST", "/api/boards/", { title: field.value.trim() });
    location.assign(`/boards/${encodeURIComponent(board.slug)}/#edit`);
  } catch (error) {
    field.setCustomValidity(error instanceof Error ? error.message : "The server could not be reached.");
    field.reportValidity();
    field.addEventListener("input", () => field.setCustomValidity(""), { once: true });
  }
});
