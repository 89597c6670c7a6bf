/** What all pages with rooms share: the way to a room. */
import { ask } from "web/page.js";
import { Disconnected } from "realtime/errors.js";
import { me, socket, unread } from "./connection.js";
import { messagesOf, openRooms, outbox } from "../outbox/sending.js";
import { RoomSession } from "./room-state.js";

/** @typedef {import("realtime/people.js").User} User */

/**
 * Take part in a room; call `stop()` on the result to leave.
 * @param {string} room
 * @param {import("./unread.js").Unread} [counts] where its unread messages are counted
 */
export function openRoom(room, counts = unread) {
  const read = (/** @type {string} */ slug, /** @type {Record<string, any>} */ from) =>
    ask("GET", `${messagesOf(slug)}?${new URLSearchParams(from)}`);
  const session = new RoomSession({ room, me: /** @type {User} */ (me), socket, outbox, unread: counts, read });
  const send = async (/** @type {object} */ message) => {
    if (session.phase === "here") return socket.request({ type: "send", room, ...message });
    // Shut out, it asks by HTTP, whose answer says why the message cannot be sent.
    if (session.phase === "shut" && socket.live) return ask("POST", messagesOf(room), message);
    throw new Disconnected(); // it goes when the room has caught up
  };
  openRooms.set(room, send);
  let phase = session.phase;
  session.onChange(() => {
    if (phase === session.phase) return;
    phase = session.phase;
    if (phase === "shut" && socket.live) void outbox.flush(room);
  });
  session.start();
  session.endings.push(() => openRooms.get(room) === send && openRooms.delete(room));
  return session;
}

socket.onLive(() => void outbox.flushAll());
