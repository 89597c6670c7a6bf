/** The home page: unread counts that follow. */
import { unread } from "./connection.js";
import { countText } from "./unread.js";

/** @type {HTMLElement[]} */
const cards = [...document.querySelectorAll("[data-home-room]")].map((card) => /** @type {HTMLElement} */ (card));

unread.onChange((slug) => {
  const mark = cards.find((card) => card.dataset.homeRoom === slug)?.querySelector(".count");
  if (!(mark instanceof HTMLElement)) return;
  const count = unread.count(slug);
  mark.hidden = count === 0;
  /** @type {HTMLElement} */ (mark.querySelector("[data-count]")).textContent = countText(count);
});
