/** The page of a room. Another room is shown in the same page: see ../page/room-page.js. */
import { ask, given, person } from "web/page.js";
import { shortcut, tell } from "web/shortcuts.js";
import { nameTitle } from "web/title.js";
import { KeptRooms } from "../page/kept-rooms.js";
import { noRoom } from "../page/no-room.js";
import { isDirect, showHead, titleOf } from "../page/room-head.js";
import { roomOfClick } from "../page/room-links.js";
import { RoomPage } from "../page/room-page.js";
import "../presence/room-people.js";
import { socket } from "./connection.js";
import "./connection-line.js";
import { enterRoom, openRoom } from "./open-room.js";
import "./room-members.js";
import "./room-talk.js";
import { showCurrent } from "./sidebar.js";

/** @typedef {import("../page/room-page.js").Shown} Shown */

/** The most rooms whose logs the page keeps. */
const MOST_KEPT = 20;

const { room, members, me, bodyCharacters, joinedRooms } = given("page-config");
const rooms = new KeptRooms({ socket, open: openRoom, enter: enterRoom, most: Math.min(MOST_KEPT, joinedRooms) });
const read = (/** @type {string} */ slug) => ask("GET", `/api/rooms/${encodeURIComponent(slug)}/`);
const page = new RoomPage({ rooms, socket, read });

const query = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (document.querySelector(selector));
const hovers = matchMedia("(hover: hover)").matches;
/** @returns {import("./room-talk.js").RoomTalk | null} */
const talkNow = () => document.querySelector("room-talk");

/** The elements that a room has for itself: new ones, so that nothing of one room gets into another. */
function showRoom(/** @type {Shown} */ { roomState, slug }) {
  const talk = document.createElement("room-talk");
  talk.className = "talk room__talk";
  Object.assign(talk, { roomState, limit: bodyCharacters });
  query(".room__talk").replaceWith(talk);
  Object.assign(query("connection-line"), { socket, roomState });
  Object.assign(query("room-people"), { roomState });
  query("room-members").replaceWith(Object.assign(document.createElement("room-members"), { className: "aside-section" }));
  showCurrent(slug);
}

/** @type {unknown} the list of members that was shown last; the element itself keeps it up to date */
let listed = null;

/** What the server tells of the room: at once for a room seen before, else a moment later. */
function showInfo(/** @type {Shown} */ shown) {
  const { info, refused } = shown;
  showHead(shown);
  nameTitle(refused ? query(".no-room h2").textContent ?? "" : titleOf(shown));
  Object.assign(query("room-people"), { direct: isDirect(shown) });
  const isMembersOnly = info?.room.kind === "members";
  query("room-members").hidden = !isMembersOnly;
  const list = /** @type {import("./room-members.js").RoomMembers} */ (query("room-members"));
  if (isMembersOnly) Object.assign(list, { room: { ...info.room }, me: me.id });
  if (isMembersOnly && listed !== info.members) list.members = listed = info.members;
  Object.assign(talkNow() ?? {}, {
    label: `Message ${titleOf(shown)}`,
    readOnly: info?.room.archived ? "This room is archived: it can only be read." : "",
  });
}

page.onChange((shown, before) => {
  const isOther = shown !== before;
  if (isOther) {
    if (before) before.roomState.kept.focus = focusedMessage();
    showRoom(shown);
  }
  const isRefused = shown.refused && talkNow();
  if (shown.refused && isRefused) query(".room__talk").replaceWith(noRoom(shown.refused));
  showInfo(shown);
  if (isOther && before) void arrive(shown);
});

const focusedMessage = () => /** @type {HTMLElement | null} */ (document.activeElement?.closest(".message"))?.dataset.key ?? "";

/** Close what covers the room, say its name to screen readers, and give the focus back to where it was in this room. */
async function arrive(/** @type {Shown} */ shown) {
  for (const cover of document.querySelectorAll(":popover-open")) /** @type {HTMLElement} */ (cover).hidePopover();
  query("[data-room-told]").textContent = titleOf(shown);
  const talk = talkNow();
  await talk?.updateComplete;
  await talk?.logView?.updateComplete;
  if (page.shown !== shown || document.querySelector("dialog[open]")) return;
  const { focus } = shown.roomState.kept;
  /** @type {HTMLElement | null | undefined} */
  const message = focus ? talk?.querySelector(`[data-key="${CSS.escape(focus)}"]`) : null;
  if (message) message.focus({ preventScroll: true });
  else if (hovers) talk?.composer?.focusField();
  else query("main").focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  const slug = roomOfClick(event, link, location.origin);
  // A page whose person is gone has stopped: only a new one can go on.
  if (!slug || person.isGone) return;
  event.preventDefault();
  if (slug === page.shown?.slug) void arrive(page.shown);
  else page.go(slug);
});

page.begin({ room, members });

shortcut("c", "Write a message", () => talkNow()?.composer?.focusField());
shortcut("End", "Go to the newest message", () => talkNow()?.logView?.toEnd());
tell("Enter", "Send");
tell("Shift Enter", "New line");
tell("↑", "Edit your last message, in an empty field");
tell("↑ ↓", "From message to message, in the list");
tell("Esc", "Leave an edit or answer");

if (hovers) talkNow()?.updateComplete.then(() => talkNow()?.composer?.focusField());
