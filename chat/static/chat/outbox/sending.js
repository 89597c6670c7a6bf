/**
 * The outbox of a page, and what makes it send. Every page with a signed-in person loads this. Messages go out by
 * HTTP, which needs no socket and no joining; a room that is open on this page sends through its socket.
 */
import { ask, person, RequestError } from "web/page.js";
import { OutboxStore } from "./outbox-store.js";
import { openChannel } from "./outbox-tabs.js";
import { Outbox } from "./outbox.js";

/** @typedef {import("./outbox.js").Entry} Entry */

export const messagesOf = (/** @type {string} */ room) => `/api/rooms/${encodeURIComponent(room)}/messages/`;

/** @type {Map<string, (message: object) => Promise<any>>} how to send in an open room; rejects when that is not possible now */
export const openRooms = new Map();

/** @param {Entry} entry @returns {Promise<any>} */
async function deliver({ room, id, body, replyTo }) {
  const message = { id, body, ...(replyTo === null ? {} : { reply_to: replyTo }) };
  const send = openRooms.get(room);
  if (send) return send(message);
  try {
    return await ask("POST", messagesOf(room), message);
  } catch (error) {
    // The answer came from a proxy, not from our server, so the outcome is unknown: send it again.
    if (error instanceof RequestError && !error.body?.error) throw new TypeError("The server cannot be reached.", { cause: error });
    throw error;
  }
}

const me = person.user?.id ?? 0;
export const outbox = new Outbox({ user: me, store: new OutboxStore(), deliver, channel: openChannel(me) });

if (person.user) {
  void outbox.flushAll();
  addEventListener("online", () => void outbox.flushAll());
  addEventListener("beforeunload", (event) => outbox.wouldLose && event.preventDefault());
}
