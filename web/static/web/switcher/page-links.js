/** The quick switcher's first source: the links of the sidebar, other than rooms, which bring their own. */
import { sources } from "./search.js";

/** @returns {import("./search.js").Target[]} */
function links() {
  const all = /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll("#sidebar a[href]:not([data-room])"));
  return [...all].map((link) => ({
    address: link.getAttribute("href") ?? "/",
    name: (link.querySelector(".sidebar__label") ?? link).textContent?.trim() ?? "",
    mark: /** @type {HTMLElement | null} */ (link.querySelector(".mark"))?.dataset.mark ?? "page",
    current: link.ariaCurrent === "page",
  }));
}

sources.add({ now: links });
