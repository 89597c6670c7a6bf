/** A board's page, inside the site's frame or alone on a screen. */
import { watchPerson } from "web/another-person.js";
import { ask, given, person } from "web/page.js";
import { shortcut } from "web/shortcuts.js";
import { Socket } from "realtime/socket.js";
import { tab } from "web/storage.js";
import "./board-connection.js";
import "./board-view.js";
import { criticalOf } from "./state/critical.js";
import { flashName } from "./full/nameplate.js";
import { showPage, turnByKeys } from "./full/paging.js";
import { reloadWhenServed, secondsToReload } from "./full/reload.js";
import { keepReporting } from "./full/reporting.js";
import { Rotation } from "./full/rotation.js";
import { Screen } from "./state/screen.js";
import { screenKey } from "./full/screen-key.js";
import { keepAwake } from "./full/wake-lock.js";

const { board, build, mayEdit, full } = given("page-config");
const path = encodeURIComponent(board);

/** One connection for all room tiles; null until the first. @type {Socket | null} */
let chat = null;
// A full screen keeps its identity over a reload; each tab is a screen of its own.
const socket = new Socket(`/ws/boards/${path}/${full ? `?id=${screenKey(tab)}` : ""}`, { person });
const screen = new Screen(board, socket, {
  rooms: () => (chat ??= new Socket("/ws/chat/", { person })),
  fetchSnapshot: (at) => ask("GET", `/api/boards/${path}/${at === undefined ? "" : `?at=${new Date(at).toISOString()}`}`),
});
const editing = {
  save: (/** @type {any} */ layout) => ask("PUT", `/api/boards/${path}/`, layout),
  streams: () => ask("GET", "/api/streams/").then(({ streams }) => streams),
  rooms: () => ask("GET", "/api/rooms/").then(({ rooms }) => rooms.map((/** @type {{slug: string}} */ { slug }) => slug)),
};

const view = /** @type {import("./board-view.js").BoardView} */ (document.querySelector("board-view"));
Object.assign(view, { screen, mayEdit, editing });
Object.assign(document.querySelector("board-connection") ?? {}, { screen });

const summary = document.querySelector("[data-summary]");
screen.state.onChange((slugs) => {
  if (slugs || !screen.state.board) return;
  for (const heading of document.querySelectorAll("h1")) heading.textContent = screen.state.board.title;
  if (!summary) return;
  const [tiles, streams] = [screen.state.board.widgets.length, screen.state.streams.size];
  summary.textContent = `${tiles} ${tiles === 1 ? "tile" : "tiles"} · ${streams} ${streams === 1 ? "stream" : "streams"}`;
});

const follow = (/** @type {string} */ selector) => /** @type {HTMLElement | null} */ (document.querySelector(selector))?.click();

if (full) {
  watchPerson(person); // on other pages the shell does this
  // On a wall there is nobody to reload the page.
  screen.onNewBuild = () => setTimeout(reloadWhenServed, secondsToReload() * 1000);
  const whyDark = keepAwake();
  keepReporting(socket, build, () => board);
  socket.on("reload", () => reloadWhenServed());
  socket.on("identify", ({ name }) => flashName(name, whyDark()));
  document.addEventListener("keydown", ({ key }) => key === "Escape" && follow("[data-leave]"));
  keepTurning();
} else {
  shortcut("f", "Show this board alone on the screen", () => follow("[data-full]"));
  shortcut("r", "Show this board as it was", () => follow("[data-rewind]"));
  shortcut("d", "Show how the values came here", () => follow("[data-details]"));
  if (mayEdit) shortcut("e", "Edit this board", () => follow("[data-edit]"));
}

/** Show a board that needs several pages the way a wall with one board does. */
function keepTurning() {
  const rotation = new Rotation();
  rotation.setPlan([{ board, dwell: 0, from: null, until: null }]);
  const look = () => {
    rotation.note(board, criticalOf(screen.state, screen.heardAt()));
    rotation.show(screen.now(), () => "", () => view.pagesOf(screen.shown.board).length);
    showPage(view, rotation, screen.now());
  };
  setInterval(look, 1000);
  screen.state.onChange(look);
  turnByKeys(view, rotation, () => screen.now(), look);
}

/** Connect a button of the page to `act`. @param {string} selector @param {(button: Element) => void} act */
const press = (selector, act) => {
  const button = document.querySelector(selector);
  button?.addEventListener("click", () => act(button));
};
press("[data-edit]", () => view.toggleEditing());
press("[data-rewind]", () => view.toggleRewind());
press("[data-details]", (button) => button.setAttribute("aria-pressed", String(view.toggleDetails())));

// The page was opened by a link to the past (?at=), or by new-board.js for a new board (#edit).
const at = Date.parse(new URLSearchParams(location.search).get("at") ?? "");
const end = screen.state.onChange(() => {
  end();
  if (at) view.toggleRewind(at);
  else if (mayEdit && location.hash === "#edit") view.toggleEditing();
});

screen.open();
