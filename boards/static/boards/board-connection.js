/** "Live · 09:41:07": how this screen is connected. */
import { html, LitElement, nothing } from "lit";

export class BoardConnection extends LitElement {
  static properties = { screen: { attribute: false } };

  constructor() {
    super();
    /** @type {import("./state/screen.js").Screen | null} */
    this.screen = null;
    this.end = () => {};
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.ticking = undefined;
  }

  createRenderRoot() {
    return this;
  }

  connectedCallback() {
    super.connectedCallback();
    this.translate = false;
    this.ticking = setInterval(() => this.requestUpdate(), 1000);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.ticking);
    this.end();
  }

  /** @param {Map<string, unknown>} changed */
  willUpdate(changed) {
    if (!changed.has("screen") || !this.screen) return;
    this.end();
    this.end = this.screen.onConnection(() => this.requestUpdate());
  }

  render() {
    if (!this.screen) return nothing;
    if (this.screen.past) return html`<span class="connection" data-phase="past">Not live: the past</span>`;
    const { phase, text } = this.screen.connection();
    return html`<span class="connection" data-phase=${phase} aria-hidden="true">${text}</span
      ><span class="visually-hidden" role="status">${phase === "live" ? "Live" : ""}</span>`;
  }
}

customElements.define("board-connection", BoardConnection);
