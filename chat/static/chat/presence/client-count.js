import { html, LitElement, nothing } from "lit";
import { ask } from "web/page.js";
import { clockSeconds } from "web/time.js";

/** Asks the server for its time and the number of connected clients over all processes. */
export class ClientCount extends LitElement {
  static properties = { status: { state: true }, trouble: { state: true }, busy: { state: true } };

  constructor() {
    super();
    /** @type {{clients: number, time: string, processes: number} | null} */
    this.status = null;
    this.trouble = "";
    this.busy = false;
  }

  createRenderRoot() {
    return this;
  }

  connectedCallback() {
    super.connectedCallback();
    this.#ask();
  }

  render() {
    return html`
      <h2>Server</h2>
      <p class="small" role="status">${this.#words()}</p>
      <button class="button" type="button" aria-disabled=${this.busy} @click=${this.#ask}>Update client count</button>
    `;
  }

  #words() {
    if (this.trouble) return this.trouble;
    if (!this.status) return "Asking…";
    const { clients, time } = this.status;
    return html`<b class="number" data-clients>${clients}</b> ${clients === 1 ? "client" : "clients"} connected
      <span class="muted">at <time datetime=${time} data-time>${clockSeconds(time)}</time></span>${nothing}`;
  }

  async #ask() {
    if (this.busy) return;
    this.busy = true;
    try {
      this.status = await ask("GET", "/api/status/");
      this.trouble = "";
    } catch {
      this.trouble = "The server cannot be reached. Try again.";
    }
    this.busy = false;
  }
}

customElements.define("client-count", ClientCount);
