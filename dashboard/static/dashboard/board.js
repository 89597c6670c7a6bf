/** The page of a board, within the frame of the site or alone on a screen. */
import { ask, given } from "realtime/page.js";
import { shortcut } from "realtime/shortcuts.js";
import { Socket } from "realtime/socket.js";
import "./board-line.js";
import "./board-view.js";
import { Screen } from "./screen.js";

const { board, mayEdit, full } = given("page-config");
const path = encodeURIComponent(board);

const screen = new Screen(board, new Socket(`/ws/boards/${path}/`), {
  fetchSnapshot: () => ask("GET", `/api/boards/${path}/`),
});

Object.assign(document.querySelector("board-view") ?? {}, { screen, mayEdit });
Object.assign(document.querySelector("board-line") ?? {}, { screen });

const summary = document.querySelector("[data-summary]");
screen.state.onChange((slugs) => {
  if (slugs || !summary || !screen.state.board) return;
  const [tiles, streams] = [screen.state.board.widgets.length, screen.state.streams.size];
  summary.textContent = `${tiles} ${tiles === 1 ? "tile" : "tiles"} · ${streams} ${streams === 1 ? "stream" : "streams"}`;
});

const follow = (/** @type {string} */ selector) => /** @type {HTMLElement | null} */ (document.querySelector(selector))?.click();

if (full) {
  // Nobody is there to reload a screen on the wall; not all of them at once.
  screen.onNewBuild = () => setTimeout(() => location.reload(), 1000 + Math.random() * 10_000);
  document.addEventListener("keydown", ({ key }) => key === "Escape" && follow("[data-leave]"));
} else {
  shortcut("f", "Show this board alone on the screen", () => follow("[data-full]"));
}

screen.open();
