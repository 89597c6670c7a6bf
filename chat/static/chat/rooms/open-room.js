/** Opens a room; shared by all pages with rooms. */
import { ask } from "web/page.js";
import { Disconnected } from "realtime/errors.js";
import { me, socket, unread } from "./connection.js";
import { messagesOf, openRooms, outbox } from "../outbox/sending.js";
import { RoomState } from "./room-state.js";

/** @typedef {import("realtime/people.js").User} User */

/**
 * Take part in a room; call `stop()` on the result when the page no longer needs it.
 * @param {string} room
 * @param {import("./unread.js").Unread} [counts] keeps the count of unread messages
 */
export function openRoom(room, counts = unread) {
  const read = (/** @type {string} */ slug, /** @type {Record<string, any>} */ from) =>
    ask("GET", `${messagesOf(slug)}?${new URLSearchParams(from)}`);
  const roomState = new RoomState({ room, me: /** @type {User} */ (me), socket, outbox, unread: counts, read });
  enterRoom(roomState);
  return roomState;
}

/** Take part in a room, for the first time or again after `leave()`. */
export function enterRoom(/** @type {RoomState} */ roomState) {
  const { room } = roomState;
  const send = async (/** @type {object} */ message) => {
    if (roomState.phase === "here") return socket.request({ type: "send", room, ...message });
    // When shut out, send by HTTP: its answer says why the message cannot be sent.
    if (roomState.phase === "shut" && socket.live) return ask("POST", messagesOf(room), message);
    throw new Disconnected(); // it is sent when the room has caught up
  };
  openRooms.set(room, send);
  let phase = roomState.phase;
  const stopWatching = roomState.onChange(() => {
    if (phase === roomState.phase) return;
    phase = roomState.phase;
    if (phase === "shut" && socket.live) void outbox.flush(room);
  });
  roomState.start();
  roomState.endings.push(stopWatching, () => openRooms.get(room) === send && openRooms.delete(room));
}

socket.onLive(() => void outbox.flushAll());
