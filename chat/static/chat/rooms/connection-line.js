import { html, LitElement } from "lit";
import { clockTime } from "web/time.js";
import { describeLine } from "./line-words.js";

/**
 * The state of the connection to the server: "Live", "Reconnecting in 4 s · 2 waiting".
 *
 * @typedef {import("realtime/socket.js").Socket} Socket
 * @typedef {import("./room-state.js").RoomState} RoomState
 */

export class ConnectionLine extends LitElement {
  static properties = { socket: { attribute: false }, roomState: { attribute: false } };

  constructor() {
    super();
    /** @type {Socket | null} */
    this.socket = null;
    /** @type {RoomState | null} */
    this.roomState = null;
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
    if (!changed.has("socket") && !changed.has("roomState")) return;
    for (const end of this.endings) end();
    const update = () => this.requestUpdate();
    this.endings = [];
    if (this.socket) this.endings.push(this.socket.on("state", update));
    if (this.roomState) this.endings.push(this.roomState.onChange(update));
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
    const { phase, text } = describeLine(this.socket, this.roomState, Date.now());
    const heard = this.socket.heardAt;
    const title = phase === "live" && heard ? `All messages received up to ${clockTime(heard)}` : "";
    // Announced without the seconds, which would repeat without end.
    const spoken = phase === "waiting" ? "Connection lost, reconnecting" : phase === "live" ? "Connected" : text;
    return html`<span class="connection" data-phase=${phase} title=${title} aria-hidden="true">${text}</span
      ><span class="visually-hidden" role="status">${spoken}</span>`;
  }
}

customElements.define("connection-line", ConnectionLine);
