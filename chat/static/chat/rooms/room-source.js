/** The rooms of the quick switcher: those in the sidebar at once, the others that the server lists a moment later. */
import { ask } from "web/page.js";
import { sources } from "web/switcher/search.js";
import { addressOf } from "../page/room-links.js";
import { unread } from "./connection.js";
import { markOf } from "./listed-room.js";

/** @typedef {import("web/switcher/search.js").Target} Target */

/** @returns {Target[]} */
function listed() {
  const links = /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll(".sidebar [data-room]"));
  return [...links].map((link) => target({
    slug: link.dataset.room ?? "",
    name: link.querySelector("[data-name]")?.textContent ?? "",
    mark: /** @type {HTMLElement | null} */ (link.querySelector("[data-mark]"))?.dataset.mark ?? "hash",
    current: link.ariaCurrent === "page",
  }));
}

/** @param {{slug: string, name: string, mark: string, current?: boolean}} room @returns {Target} */
const target = ({ slug, name, mark, current }) => ({
  address: addressOf(slug),
  name,
  mark,
  note: mark === "lock" ? "private" : "",
  unread: unread.count(slug),
  current,
});

async function others() {
  const { rooms } = await ask("GET", "/api/rooms/");
  return rooms.map((/** @type {{slug: string, name: string, kind: string}} */ { slug, name, kind }) =>
    target({ slug, name, mark: markOf(kind) }));
}

sources.add({ now: listed, once: others });
