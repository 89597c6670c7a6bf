/** The head of the page: name, kind and topic of the room that is shown. */

import { isListedDirect, listedName, titled } from "../rooms/listed-room.js";

/** @typedef {import("./room-page.js").Shown} Shown */

const nameOf = (/** @type {Shown} */ { slug, info }) => info?.room.name ?? listedName(slug);

export const isDirect = (/** @type {Shown} */ { slug, info }) => (info ? info.room.kind === "direct" : isListedDirect(slug));

/** The title of a room: its name after "#", or the names of the people in a direct one. */
export const titleOf = (/** @type {Shown} */ shown) => titled(nameOf(shown), isDirect(shown));

export function showHead(/** @type {Shown} */ shown) {
  const part = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (document.querySelector(`.room__head ${selector}`));
  const { topic = "", kind = "" } = shown.info?.room ?? {};
  part("h1").textContent = titleOf(shown);
  part("[data-members-only]").hidden = kind !== "members";
  Object.assign(part(".page-head__note"), { textContent: topic, title: topic, hidden: !topic });
}
