/** Marks the rooms of a list in which the reader's own messages wait or failed. */
import { SOON, waitingWords } from "../rooms/line-words.js";
import { outbox } from "./sending.js";

/** @type {ReturnType<typeof setTimeout> | undefined} */
let later;

/** Mark all the rooms that the page lists. */
export function markWaiting() {
  for (const place of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-room], [data-home-room]"))) {
    const mark = /** @type {HTMLElement | null} */ (place.querySelector("[data-waiting]"));
    if (!mark) continue;
    const words = waitingWords(outbox.of(place.dataset.room ?? place.dataset.homeRoom ?? ""));
    mark.hidden = !words;
    if (mark.textContent !== words) mark.textContent = words;
  }
  const isUnsent = outbox.entries.some(({ state }) => state === "failed");
  document.querySelector(".menu-button")?.toggleAttribute("data-unsent", isUnsent);
  clearTimeout(later);
  if (outbox.entries.some(({ state, at }) => state === "queued" && Date.now() - at < SOON)) later = setTimeout(markWaiting, SOON);
}

outbox.onChange(markWaiting);
