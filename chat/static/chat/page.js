/** What all pages with rooms share: the outbox of this reader and the way to a room. */
import { ask } from "realtime/page.js";
import { me, socket, unread } from "./connection.js";
import { openStore } from "./outbox-store.js";
import { Outbox } from "./outbox.js";
import { RoomSession } from "./session.js";

/**
 * @typedef {import("./outbox.js").Entry} Entry
 * @typedef {import("realtime/people.js").User} User
 */

const messagesOf = (/** @type {string} */ room) => `/api/rooms/${encodeURIComponent(room)}/messages/`;

/** @type {Map<string, RoomSession>} */
const sessions = new Map();

/** Through the socket where the room is open, else by HTTP, which needs no joining. */
function deliver(/** @type {Entry} */ { room, id, body, replyTo }) {
  const message = { id, body, ...(replyTo === null ? {} : { reply_to: replyTo }) };
  return outbox.open.has(room)
    ? /** @type {Promise<any>} */ (socket.request({ type: "send", room, ...message }))
    : ask("POST", messagesOf(room), message);
}

export const outbox = new Outbox({ user: me?.id ?? 0, store: openStore(), deliver });

/**
 * Take part in a room; call `stop()` on the result to leave.
 * @param {string} room
 * @param {import("./unread.js").Unread} [counts] where its unread messages are counted
 */
export function openRoom(room, counts = unread) {
  const older = (/** @type {string} */ slug, /** @type {number} */ before) =>
    ask("GET", `${messagesOf(slug)}?before=${before}&limit=50`);
  const session = new RoomSession({ room, me: /** @type {User} */ (me), socket, outbox, unread: counts, older });
  sessions.set(room, session);
  session.start();
  return session;
}

/** Send what earlier pages left unsent; into an open room once it has caught up, which its session sees to. */
async function sendLeftovers() {
  await outbox.load();
  if (!socket.live) return;
  for (const room of new Set(outbox.entries.map((entry) => entry.room))) {
    if (!outbox.open.has(room) || sessions.get(room)?.phase === "here") outbox.flush(room);
  }
}

if (me) {
  socket.onLive(sendLeftovers);
  if (!socket.live) sendLeftovers(); // shows them, meanwhile
}
