/** Keeps the rooms on the home page up to date. */
import { socket, unread } from "./connection.js";
import { countText } from "./unread.js";

/** @type {HTMLElement[]} */
const cards = [...document.querySelectorAll("[data-home-room]")].map((card) => /** @type {HTMLElement} */ (card));

const cardOf = (/** @type {string} */ slug) => cards.find((card) => card.dataset.homeRoom === slug);

unread.onChange((slug) => {
  const mark = cardOf(slug)?.querySelector(".count");
  if (!(mark instanceof HTMLElement)) return;
  const count = unread.count(slug);
  mark.hidden = count === 0;
  /** @type {HTMLElement} */ (mark.querySelector("[data-count]")).textContent = countText(count);
});

socket.on("room", ({ room: { slug, name, topic } }) => {
  const [title, note] = ["name", "topic"].map((part) => cardOf(slug)?.querySelector(`.room-card__${part}`));
  if (!title?.firstChild || !note) return;
  title.firstChild.textContent = `# ${name} `;
  note.textContent = topic;
});
socket.on("left", ({ room }) => cardOf(room)?.parentElement?.remove());
