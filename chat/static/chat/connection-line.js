import { html, LitElement } from "lit";
import { clockTime } from "realtime/time.js";

/**
 * How the line to the server stands, in words that are true: "Live", "Reconnecting in 4 s · 2 waiting".
 *
 * @typedef {import("realtime/socket.js").Socket} Socket
 * @typedef {import("./session.js").RoomSession} RoomSession
 */

/** What to say and to do about each way a socket is refused for good. */
const STOPPED = /** @type {Record<number, string>} */ ({
  4401: "Signed out",
  4403: "Not allowed",
  4404: "No longer there",
  4409: "Paused: too many tabs",
});

/**
 * @param {Socket} socket
 * @param {RoomSession | null} session the room that is shown, if any
 * @param {number} now this machine's time, unix milliseconds
 * @returns {{phase: string, text: string}}
 */
export function describeLine(socket, session, now) {
  const { phase, retryAt, code } = socket.state;
  const waiting = session ? session.outbox.waiting(session.room) : 0;
  const withWaiting = (/** @type {string} */ text) => (waiting ? `${text} · ${waiting} waiting` : text);
  if (phase === "stopped") return { phase, text: withWaiting(STOPPED[code ?? 0] ?? "Disconnected") };
  if (phase === "waiting") {
    const seconds = Math.max(0, Math.ceil(((retryAt ?? now) - now) / 1000));
    return { phase, text: withWaiting(seconds ? `Reconnecting in ${seconds} s` : "Reconnecting…") };
  }
  if (phase === "connecting") return { phase, text: withWaiting("Connecting…") };
  if (session?.phase === "shut") return { phase: "stopped", text: "Closed" };
  if (session && session.phase !== "here") return { phase: "connecting", text: withWaiting("Catching up…") };
  return { phase: "live", text: waiting ? `Live · ${waiting} sending` : "Live" };
}

export class ConnectionLine extends LitElement {
  static properties = { socket: { attribute: false }, session: { attribute: false } };

  constructor() {
    super();
    /** @type {Socket | null} */
    this.socket = null;
    /** @type {RoomSession | null} */
    this.session = null;
    /** @type {(() => void)[]} */
    this.endings = [];
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.ticking = undefined;
  }

  createRenderRoot() {
    return this;
  }

  /** @param {Map<string, unknown>} changed */
  willUpdate(changed) {
    if (!changed.has("socket") && !changed.has("session")) return;
    for (const end of this.endings) end();
    const update = () => this.requestUpdate();
    this.endings = [];
    if (this.socket) this.endings.push(this.socket.on("state", update));
    if (this.session) this.endings.push(this.session.onChange(update));
  }

  updated() {
    const counts = this.socket?.state.phase === "waiting";
    if (counts && !this.ticking) this.ticking = setInterval(() => this.requestUpdate(), 500);
    if (counts || !this.ticking) return;
    clearInterval(this.ticking);
    this.ticking = undefined;
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.ticking);
    for (const end of this.endings) end();
  }

  render() {
    if (!this.socket) return null;
    const { phase, text } = describeLine(this.socket, this.session, Date.now());
    const heard = this.socket.heardAt;
    const title = phase === "live" && heard ? `All messages received up to ${clockTime(heard)}` : "";
    // Spoken without the seconds, which would never end.
    const spoken = phase === "waiting" ? "Connection lost, reconnecting" : phase === "live" ? "Connected" : text;
    return html`<span class="connection" data-phase=${phase} title=${title} aria-hidden="true">${text}</span
      ><span class="visually-hidden" role="status">${spoken}</span>`;
  }
}

customElements.define("connection-line", ConnectionLine);
