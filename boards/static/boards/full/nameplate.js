/** A screen's name in large type for a moment, so that a person in front of it can find it in the list. */

/** Seconds for which it flashes. */
const FLASH = 10;

/** @type {ReturnType<typeof setTimeout> | undefined} */
let hiding;

/** @param {string} name @param {string} trouble what is wrong with this screen; "" for nothing */
export function flashName(name, trouble) {
  const plate = /** @type {HTMLElement} */ (document.querySelector(".nameplate"));
  const sentence = document.createElement("p");
  sentence.textContent = trouble;
  plate.replaceChildren(name, ...(trouble ? [sentence] : []));
  plate.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => (plate.hidden = true), FLASH * 1000);
}
