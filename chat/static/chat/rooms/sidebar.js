/** Keeps the sidebar's list of rooms up to date: unread counts, new rooms, rooms that the reader was removed from. */
import { ask } from "web/page.js";
import { shortcut } from "web/shortcuts.js";
import { countInTitle } from "web/title.js";
import { me, socket, unread } from "./connection.js";
import { markOf } from "./listed-room.js";
import "./open-room.js";
import "./room-source.js";
import { countText } from "./unread.js";
import "../outbox/unsent-messages.js";
import { addressOf } from "../page/room-links.js";
import { markWaiting } from "../outbox/waiting-marks.js";

/** Where new rooms go. Starred ones have a list of their own. */
const listFor = (/** @type {string} */ kind) => document.querySelector(`[data-rooms="${kind === "direct" ? kind : ""}"]`);
const menuButton = document.querySelector(".menu-button");

const links = () => /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".sidebar [data-room]")]);
/** @returns {HTMLElement | null} */
const linkOf = (/** @type {string} */ slug) => document.querySelector(`.sidebar [data-room="${CSS.escape(slug)}"]`);

for (const link of links()) {
  const { room = "", head = "{}" } = link.dataset;
  unread.head(room, JSON.parse(head));
}

function show(/** @type {string} */ slug) {
  const link = linkOf(slug);
  if (link) paint(link, unread.count(slug));
  summed ??= Promise.resolve().then(sum);
}

/** @type {Promise<void> | null} once for all the rooms of an event */
let summed = null;

function sum() {
  summed = null;
  const elsewhere = links().some((other) => !other.ariaCurrent && unread.count(other.dataset.room ?? ""));
  menuButton?.toggleAttribute("data-unread", elsewhere);
  countInTitle(unread.total ? countText(unread.total) : "");
}

function paint(/** @type {HTMLElement} */ link, /** @type {number} */ count) {
  const mark = /** @type {HTMLElement} */ (link.querySelector(".count"));
  mark.hidden = count === 0;
  /** @type {HTMLElement} */ (mark.querySelector("[data-count]")).textContent = countText(count);
  link.toggleAttribute("data-unread", count > 0);
}

/** A new room, or one that we were added to: ask the server for its name. */
async function addRoom(/** @type {string} */ slug) {
  const { rooms } = await ask("GET", "/api/rooms/");
  const room = rooms.find((/** @type {{slug: string}} */ each) => each.slug === slug);
  const pattern = /** @type {HTMLTemplateElement | null} */ (document.querySelector("[data-room-row]"))?.content.firstElementChild;
  if (!room || !pattern || linkOf(slug)) return;
  const entry = /** @type {HTMLElement} */ (pattern.cloneNode(true));
  const link = /** @type {HTMLAnchorElement} */ (entry.querySelector("a"));
  link.href = addressOf(slug);
  link.dataset.room = slug;
  /** @type {HTMLElement} */ (link.querySelector("[data-name]")).textContent = room.name;
  /** @type {HTMLElement} */ (link.querySelector("[data-mark]")).dataset.mark = markOf(room.kind);
  /** @type {HTMLElement} */ (link.querySelector("[data-private]")).hidden = room.kind !== "members";
  if (link.getAttribute("href") === location.pathname) link.ariaCurrent = "page";
  left.delete(slug);
  listFor(room.kind)?.append(entry);
  markWaiting();
  show(slug);
}

unread.onChange(show);
for (const slug of unread.rooms.keys()) show(slug);

/** @type {Set<string>} rooms that the reader was removed from */
const left = new Set();
/** @type {Set<string>} rooms already asked for: a private talk never gets into the list */
const asked = new Set();
function addMissing(/** @type {Iterable<string>} */ slugs) {
  for (const slug of slugs) {
    if (linkOf(slug) || asked.has(slug)) continue;
    asked.add(slug);
    addRoom(slug).catch(() => asked.delete(slug));
  }
}
socket.on("heads", ({ rooms }) => addMissing(Object.keys(rooms)));
// Another script of the page may have opened the socket and received the first heads before us.
addMissing(unread.rooms.keys());
socket.on("left", ({ room }) => {
  asked.delete(room);
  left.add(room);
  const link = linkOf(room);
  if (link && !link.ariaCurrent) link.parentElement?.remove();
});

const keepInSight = () => document.querySelector(".sidebar [aria-current]")?.scrollIntoView({ block: "nearest" });
// On a phone the list is a drawer, which does not scroll while it is closed.
document.getElementById("sidebar")?.addEventListener("toggle", keepInSight);

/** Mark the room that the page shows, and bring its link into sight. */
export function showCurrent(/** @type {string} */ slug) {
  for (const link of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".sidebar [data-room][aria-current]"))) {
    if (link.dataset.room !== slug) leaveLink(link);
  }
  linkOf(slug)?.setAttribute("aria-current", "page");
  keepInSight();
  show(slug);
}

/** A room that the reader was removed from leaves the list when it is no longer shown. */
function leaveLink(/** @type {HTMLElement} */ link) {
  link.removeAttribute("aria-current");
  if (left.has(link.dataset.room ?? "")) link.parentElement?.remove();
}

/** A room has a new name. */
socket.on("room", ({ room: { slug, name } }) => {
  const label = linkOf(slug)?.querySelector("[data-name]");
  if (!label) return;
  label.textContent = name;
  show(slug);
});
socket.on("person", ({ user }) => {
  const name = document.querySelector(".sidebar__name")?.firstChild;
  if (user.id === me?.id && name) name.textContent = `${user.name} `;
});

/** Go to the next room that has unread messages. */
function nextUnread() {
  const all = links();
  const here = all.findIndex((link) => link.ariaCurrent);
  const turned = [...all.slice(here + 1), ...all.slice(0, here + 1)];
  turned.find((link) => unread.count(link.dataset.room ?? "") && !link.ariaCurrent)?.click();
}
shortcut("u", "Go to the next unread room", nextUnread);
