/** The title of the page: how much is unread, what is shown, and the site's name. */

const siteName = document.querySelector("meta[name=application-name]")?.getAttribute("content") ?? "";
let whole = document.title;
let unread = "";

const show = () => (document.title = unread ? `(${unread}) ${whole}` : whole);

/** Name what the page shows now. */
export function nameTitle(/** @type {string} */ name) {
  whole = siteName ? `${name} · ${siteName}` : name;
  show();
}

/** Put a count in front of the title; "" for none. */
export function countInTitle(/** @type {string} */ count) {
  unread = count;
  show();
}
