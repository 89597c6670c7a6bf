/**
 * The third truth: whether this screen is connected, in words.
 *
 * @typedef {import("realtime/socket.js").State} State
 */
import { clockSeconds, elsewhere } from "realtime/time.js";

/** What a socket that was refused for good says. */
const STOPPED = /** @type {Record<number, string>} */ ({
  4000: "Somebody else is signed in in this browser now",
  4401: "You are signed out",
  4403: "You may not see this board",
  4404: "This board is no longer there",
  4409: "Paused: too many tabs are open",
});

/**
 * @param {State} state the socket's
 * @param {boolean} loaded whether a snapshot has come over the present connection
 * @param {{now: number, local: number, heardAt: number}} times the server's time, this machine's, and this machine's
 *   when it last heard from the server (0: never)
 * @returns {{phase: string, text: string, banner: string}} banner: "" while connected, and at the very beginning
 */
export function describe(state, loaded, { now, local, heardAt }) {
  if (state.phase === "live") {
    return loaded
      ? { phase: "live", text: `Live · ${clockSeconds(now)} ${elsewhere(now)}`.trimEnd(), banner: "" }
      : { phase: "connecting", text: "Loading…", banner: "" };
  }
  const since = heardAt ? ` Values are as of ${clockSeconds(heardAt)}.` : "";
  if (state.phase === "stopped") {
    const text = STOPPED[state.code ?? 0] ?? "Disconnected";
    return { phase: "stopped", text, banner: `${text}.${since}` };
  }
  if (state.phase === "connecting") {
    return { phase: "connecting", text: "Connecting…", banner: heardAt ? `Not connected.${since} Reconnecting…` : "" };
  }
  const seconds = Math.max(0, Math.ceil(((state.retryAt ?? local) - local) / 1000));
  const next = seconds ? `Reconnecting in ${seconds} s` : "Reconnecting…";
  return { phase: "waiting", text: next, banner: `Not connected.${since} ${next}` };
}
