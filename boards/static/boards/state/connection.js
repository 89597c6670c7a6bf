/**
 * Whether this screen is connected, in words. (A tile's other two facts are in age-and-state.js.)
 *
 * @typedef {import("realtime/socket.js").State} State
 */
import { clockSeconds, elsewhere } from "web/time.js";

/** The text for a socket that was refused for good, by close code. */
const STOPPED = /** @type {Record<number, string>} */ ({
  4000: "Somebody else is signed in in this browser now",
  4401: "You are signed out",
  4403: "You may not see this board",
  4404: "This board is no longer there",
  4409: "Paused: too many tabs are open",
});

/**
 * True while a screen is live: its values came over the present connection, and the server was heard within two
 * heartbeats. The browser may believe in a dead connection for much longer, and timers that should notice may sleep.
 * @param {import("realtime/socket.js").Socket} socket
 * @param {boolean} loaded whether a snapshot has come over the present connection
 */
export const isLive = ({ live, heardAt, heartbeat, clock }, loaded) => live && loaded && !isSilent(clock.local(), heardAt, heartbeat);

const isSilent = (/** @type {number} */ local, /** @type {number} */ heardAt, /** @type {number} */ heartbeat) =>
  local - heardAt > heartbeat * 2000;

/**
 * @param {State} state the socket's
 * @param {boolean} loaded whether a snapshot has come over the present connection
 * @param {{now: number, local: number, heardAt: number, heartbeat?: number, knownAt?: number}} times the server's time, this machine's, and
 *   this machine's when it last heard from the server, and up to which it knows the values (0: never); the heartbeat in seconds
 * @returns {{phase: string, text: string, banner: string}} phase: "live" or why not; banner: "" while connected, and at the very beginning
 */
export function describe(state, loaded, { now, local, heardAt, heartbeat = 25, knownAt = heardAt }) {
  const since = knownAt ? `Values are as of ${clockSeconds(knownAt)}.` : "";
  const away = ["Not connected.", since].filter(Boolean).join(" ");
  if (state.phase === "live" && isSilent(local, heardAt, heartbeat)) {
    return { phase: "connecting", text: "Reconnecting…", banner: `${away} Reconnecting…` };
  }
  if (state.phase === "live") {
    return loaded
      ? { phase: "live", text: `Live · ${clockSeconds(now)} ${elsewhere(now)}`.trimEnd(), banner: "" }
      : { phase: "connecting", text: "Loading…", banner: since && `${since} Loading…` };
  }
  if (state.phase === "stopped") {
    const text = STOPPED[state.code ?? 0] ?? (state.reason.replace(/\.$/, "") || "Disconnected");
    return { phase: "stopped", text, banner: [`${text}.`, since].filter(Boolean).join(" ") };
  }
  if (state.phase === "connecting") {
    return { phase: "connecting", text: "Connecting…", banner: knownAt ? `${away} Reconnecting…` : "" };
  }
  const seconds = Math.max(0, Math.ceil(((state.retryAt ?? local) - local) / 1000));
  const next = seconds ? `Reconnecting in ${seconds} s` : "Reconnecting…";
  return { phase: "waiting", text: next, banner: `${away} ${next}` };
}
