/** The head of the page: name, kind and topic of the room that is shown. */

/** The name of a room before the server has told it, from a link to it in a list of the page. */
function listedName(/** @type {string} */ slug) {
  return document.querySelector(`[data-room="${CSS.escape(slug)}"] [data-name]`)?.textContent || slug;
}

export const nameOf = (/** @type {import("./room-page.js").Shown} */ { slug, info }) => info?.room.name ?? listedName(slug);

/** The title of a room: its name after "#", or the names of the people in a direct one. */
export function titleOf(/** @type {import("./room-page.js").Shown} */ shown) {
  return titled(shown.slug, nameOf(shown));
}

/** @param {string} slug @param {string} name */
export const titled = (slug, name) => (isDirect(slug) ? name : `# ${name}`);

/** Addresses of direct rooms begin with "d-", and no others do. */
export const isDirect = (/** @type {string} */ slug) => slug.startsWith("d-");

export function showHead(/** @type {import("./room-page.js").Shown} */ shown) {
  const part = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (document.querySelector(`.room__head ${selector}`));
  const { topic = "", kind = "" } = shown.info?.room ?? {};
  part("h1").textContent = titleOf(shown);
  part("[data-members-only]").hidden = kind !== "members";
  Object.assign(part(".page-head__note"), { textContent: topic, title: topic, hidden: !topic });
}
