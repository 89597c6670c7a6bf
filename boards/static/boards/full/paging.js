/** Boards that need several pages: which page a screen shows, and the keys that turn pages. */

/**
 * @typedef {import("../board-view.js").BoardView} BoardView
 * @typedef {import("./rotation.js").Rotation} Rotation
 */

/**
 * Show the page whose turn it is, and its number: "page 2 / 3".
 * @param {BoardView} view @param {Rotation} rotation @param {number} now unix milliseconds, as for `rotation.show`
 */
export function showPage(view, rotation, now) {
  const pages = view.pagesOf(view.screen?.shown.board);
  const page = pages.length > 1 ? rotation.page(now, pages) : 0;
  Object.assign(view, { page });
  const told = document.querySelector("[data-page]");
  const text = pages.length > 1 ? `page ${page + 1} / ${pages.length}` : "";
  if (told && told.textContent !== text) told.textContent = text;
}

/**
 * Let the arrow keys turn pages.
 * @param {BoardView} view @param {Rotation} rotation
 * @param {() => number} now as for `rotation.show`
 * @param {() => void} look called when a page was turned
 */
export function turnByKeys(view, rotation, now, look) {
  document.addEventListener("keydown", ({ key, ctrlKey, metaKey, altKey }) => {
    const pages = view.pagesOf(view.screen?.shown.board);
    if (ctrlKey || metaKey || altKey || pages.length < 2 || (key !== "ArrowLeft" && key !== "ArrowRight")) return;
    rotation.turnPage(key === "ArrowRight" ? 1 : -1, now(), pages);
    look();
  });
}
