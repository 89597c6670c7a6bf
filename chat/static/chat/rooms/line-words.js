/** Texts about the state of the connection and about waiting messages. Pure. */
import { ANOTHER_PERSON, SHUT_OUT, SIGN_IN } from "realtime/socket.js";

/**
 * @typedef {import("realtime/socket.js").Socket} Socket
 * @typedef {import("./room-state.js").RoomState} RoomState
 */

/** The text for each close code that refuses a socket for good. */
const STOPPED = /** @type {Record<number, string>} */ ({
  4000: "Stopped: another person",
  4401: "Signed out",
  4403: "Not allowed",
  4404: "No longer there",
  4409: "Paused: too many tabs",
});

/** Codes that say the page's person is no longer signed in. */
const SIGNED_OUT = new Set([ANOTHER_PERSON, SIGN_IN]);
/** After these codes the page does not connect again. */
const ENDS_PAGE = new Set([...SIGNED_OUT, ...SHUT_OUT]);

/**
 * @param {Pick<Socket, "state">} socket
 * @param {Pick<RoomState, "phase" | "room" | "outbox"> | null} roomState the room that is shown, if any
 * @param {number} now this machine's time, unix milliseconds
 * @returns {{phase: string, text: string}}
 */
export function describeLine(socket, roomState, now) {
  const { phase, retryAt, code } = socket.state;
  const waiting = roomState ? roomState.outbox.waiting(roomState.room) : 0;
  const failed = roomState ? roomState.outbox.failed(roomState.room) : 0;
  const lost = failed ? ` · ${failed} not sent` : "";
  const withWaiting = (/** @type {string} */ text) => text + (waiting ? ` · ${waiting} waiting` : "") + lost;
  if (phase === "stopped" && SHUT_OUT.has(code ?? 0)) {
    const unsent = waiting + failed;
    return { phase, text: STOPPED[code ?? 0] + (unsent ? ` · ${unsent} not sent` : "") };
  }
  if (phase === "stopped") return { phase, text: withWaiting(STOPPED[code ?? 0] ?? "Disconnected") };
  if (phase === "waiting") {
    const seconds = Math.max(0, Math.ceil(((retryAt ?? now) - now) / 1000));
    return { phase, text: withWaiting(seconds ? `Reconnecting in ${seconds} s` : "Reconnecting…") };
  }
  if (phase === "connecting") return { phase, text: withWaiting("Connecting…") };
  if (roomState?.phase === "shut") return { phase: "stopped", text: "Closed" };
  if (roomState && roomState.phase !== "here") return { phase: "connecting", text: withWaiting("Catching up…") };
  return { phase: "live", text: `Live${waiting ? ` · ${waiting} sending` : ""}${lost}` };
}

/** Whether this page may connect again, automatically or by "Try now". @param {Pick<RoomState, "phase" | "socket">} roomState */
export function comesBack({ phase, socket: { state } }) {
  return phase !== "shut" && !(state.phase === "stopped" && ENDS_PAGE.has(state.code ?? 0));
}

/**
 * What will happen to an unsent message, in words.
 * @param {Pick<RoomState, "phase" | "socket" | "me">} roomState
 */
export function pendingWords(roomState) {
  const { phase, socket, me } = roomState;
  if (phase === "here") return "sending…";
  if (comesBack(roomState)) return "not sent yet: goes out when the connection is back";
  // A guest does not sign in again.
  if (phase === "shut" || me.guest || !SIGNED_OUT.has(socket.state.code ?? 0)) return "not sent";
  return `not sent yet: goes out when ${me.name} signs in again`;
}

/** Milliseconds before a waiting message gets a mark, so that one that is sent at once gets none. */
export const SOON = 2000;

/** The mark in a list of rooms for the reader's own unsent messages; "" for none. */
export function waitingWords(/** @type {import("../outbox/outbox.js").Entry[]} */ entries, now = Date.now()) {
  const failed = entries.filter(({ state }) => state === "failed").length;
  if (failed) return `${failed} not sent`;
  const waiting = entries.filter(({ state, at }) => state !== "sent" && now - at >= SOON).length;
  return waiting ? `${waiting} waiting` : "";
}
