/** The page of a wall: its boards one after the other, over one socket, for months. */
import { given } from "web/page.js";
import { Person } from "realtime/person.js";
import { Socket } from "realtime/socket.js";
import "boards/board-connection.js";
import "boards/board-view.js";
import { criticalOf } from "boards/state/critical.js";
import { flashName } from "boards/full/nameplate.js";
import { showPage, turnByKeys } from "boards/full/paging.js";
import { reloadWhenServed, secondsToReload } from "boards/full/reload.js";
import { keepReporting } from "boards/full/reporting.js";
import { Rotation } from "boards/full/rotation.js";
import { Screen } from "boards/state/screen.js";
import { screenKey } from "boards/full/screen-key.js";
import { keepAwake } from "boards/full/wake-lock.js";
import { PlannedReload } from "./planned-reload.js";

/** Milliseconds between two ticks; and the gap that means the machine has slept. */
const TICK = 1000;
const SLEPT = 15_000;
/** Points of history to ask for: the most that a tile may want. */
const POINTS = 1000;

const { token, build, key } = given("page-config");
const socket = new Socket(`/ws/boards/?id=${key ?? screenKey()}`, {
  person: new Person(null), // a screen belongs to no person
  protocols: ["switchboard", token], // not in the address, which proxies log
});
const rotation = new Rotation();
const whyDark = keepAwake();
const report = keepReporting(socket, build, () => shown);
/** @type {Map<string, Screen>} */
const screens = new Map();
const view = /** @type {import("boards/board-view.js").BoardView} */ (document.querySelector("board-view"));
const connection = /** @type {import("boards/board-connection.js").BoardConnection} */ (document.querySelector("board-connection"));
const [heading, turn] = ["h1", "[data-turn]"].map(
  (selector) => /** @type {HTMLElement} */ (document.querySelector(selector)),
);
/**
 * Stands in before the plan has come and while there is nothing to show: a screen without a board, for its connection.
 */
const empty = new Screen("", socket, { fetchSnapshot: () => Promise.reject(new Error("There is no board.")) });
let wallName = heading.textContent ?? "";
let shown = "";
let showsRooms = false;
let lookedAt = Date.now();
const reload = new PlannedReload();

async function fetchSnapshot(/** @type {string} */ board) {
  const answer = await fetch(`/api/boards/${encodeURIComponent(board)}/`, { headers: { Authorization: `Bearer ${token}` } });
  if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
  return answer.json();
}

function watch() {
  const boards = rotation.slots.map(({ board }) => board);
  for (const [slug, screen] of screens) {
    if (boards.includes(slug)) continue;
    screen.close();
    screens.delete(slug);
  }
  for (const slug of boards) {
    if (screens.has(slug)) continue;
    const screen = new Screen(slug, socket, { fetchSnapshot: () => fetchSnapshot(slug), rooms: () => (showsRooms ? socket : null) });
    screen.state.onChange(() => note(slug, screen));
    screens.set(slug, screen);
  }
  // A board is gone: the server sends a plan without it. Or the connection was lost: asked again when it is back.
  socket.request({ type: "watch", boards, points: POINTS }).catch((error) => {
    if (error.retryAfter) setTimeout(watch, error.retryAfter * 1000);
  });
}

const note = (/** @type {string} */ slug, /** @type {Screen} */ screen) => rotation.note(slug, criticalOf(screen.state, screen.heardAt()));

function look() {
  const now = Date.now();
  if (now - lookedAt > SLEPT) socket.recheck(); // no event reports that the machine has slept
  lookedAt = now;
  for (const [slug, screen] of screens) note(slug, screen); // values become old without an event
  const boardOf = (/** @type {string} */ board) => screens.get(board)?.state.board;
  const slug = rotation.show(empty.now(), (board) => boardOf(board)?.zone ?? "", (board) => view.pagesOf(boardOf(board)).length);
  const screen = screens.get(slug) ?? empty;
  if (view.screen !== screen) {
    Object.assign(view, { screen });
    Object.assign(connection, { screen });
  }
  showPage(view, rotation, empty.now());
  document.body.toggleAttribute("data-nothing", empty.loaded && !slug);
  heading.textContent = screen.state.board?.title ?? wallName;
  const slot = rotation.slots.findIndex(({ board }) => board === slug);
  if (!slug) turn.textContent = !empty.loaded ? "" : rotation.slots.length ? "Nothing to show at this hour" : "No boards on this wall yet";
  else turn.textContent = rotation.slots.length > 1 ? `${slot + 1} / ${rotation.slots.length}` : "";
  const moved = slug !== shown;
  shown = slug;
  if (moved) report();
  // Quiet: between two boards, and not during a jump.
  const isQuiet = !rotation.jump && (moved || rotation.slots.length < 2);
  if (reload.isDue(now, isQuiet)) reloadWhenServed();
}

socket.on("hello", (hello) => {
  if (hello.build !== build && !reload.planned) reload.plan(Date.now(), secondsToReload());
});
socket.on("wall", ({ name, boards, rooms }) => {
  wallName = name;
  showsRooms = rooms;
  empty.loaded = true; // it has no board: the plan is all that there is to load
  rotation.setPlan(boards);
  watch();
  look();
});
socket.on("snapshot", () => queueMicrotask(look)); // after the board's screen has taken it
socket.on("reload", () => reloadWhenServed());
socket.on("identify", ({ name }) => flashName(name, whyDark()));
socket.on("state", ({ phase, code }) => {
  if (phase !== "stopped" || code !== 4403) return;
  // The link has ended: remove its boards and load the server's page, which says why.
  document.querySelector("main")?.replaceChildren();
  reloadWhenServed();
});

setInterval(look, TICK);
turnByKeys(view, rotation, () => empty.now(), look);
Object.assign(view, { screen: empty });
Object.assign(connection, { screen: empty });
socket.open();
