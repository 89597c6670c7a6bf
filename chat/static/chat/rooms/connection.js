/** The one chat socket of this page, shared by the sidebar and the rest of the page. */
import { person } from "web/page.js";
import { Socket } from "realtime/socket.js";
import { Unread } from "./unread.js";

/** @typedef {import("realtime/people.js").User} User */

/** @type {User | null} the page's reader */
export const me = person.user;

export const unread = new Unread(me?.id);

export const socket = new Socket("/ws/chat/", { person });

socket.on("heads", ({ rooms }) => {
  for (const [slug, head] of Object.entries(rooms)) unread.head(slug, head);
});
socket.on("read", ({ room, seq }) => unread.read(room, seq));
socket.on("left", ({ room }) => unread.forget(room));

if (me) socket.open();
