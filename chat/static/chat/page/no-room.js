/** What stands in place of a room that does not exist, or that the reader may not enter. */

/** @param {{status: number, detail: string}} refused */
export function noRoom({ status, detail }) {
  const page = Object.assign(document.createElement("section"), { className: "room__talk no-room" });
  const heading = document.createElement("h2");
  heading.textContent = status === 404 ? "Nothing here" : "Not for you";
  const words = Object.assign(document.createElement("p"), { className: "muted", textContent: detail });
  const home = Object.assign(document.createElement("a"), { className: "button", href: "/", textContent: "To the start" });
  page.setAttribute("role", "alert");
  page.append(heading, words, home);
  return page;
}
