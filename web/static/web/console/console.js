/** The console: authors of clients open a socket here and see all frames. */
import { html, LitElement, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { given, person } from "web/page.js";
import { openBare } from "realtime/connect.js";
import { clockSeconds } from "web/time.js";
import { examplesFor } from "./examples.js";

/**
 * @typedef {"open" | "sent" | "message" | "close" | "error"} Kind
 * @typedef {{number: number, kind: Kind, at: Date, bytes: number | null, text: string}} Occurrence
 */

/** How many events are kept; older ones are dropped. */
const MOST = 500;

const bytesOf = (/** @type {string} */ text) => new TextEncoder().encode(text).length;

export class SocketConsole extends LitElement {
  static properties = {
    path: { state: true },
    frame: { state: true },
    events: { state: true },
    phase: { state: true },
  };

  constructor() {
    super();
    /** @type {{path: string, about: string}[]} */
    this.endpoints = given("page-config").endpoints;
    this.path = this.endpoints[0].path;
    this.frame = examplesFor(this.path)[0].frame();
    /** @type {Occurrence[]} newest first */
    this.events = [];
    /** @type {"closed" | "opening" | "open"} */
    this.phase = "closed";
    /** @type {WebSocket | null} */
    this.socket = null;
    this.count = 0;
  }

  createRenderRoot() {
    return this;
  }

  render() {
    return html`<div class="console">
      <div class="console__side">${this.#opening()} ${this.#sending()}</div>
      <section aria-labelledby="events-title">
        <div class="row console__head">
          <h2 id="events-title">Events, newest first</h2>
          <button class="button spread" type="button" ?disabled=${!this.events.length} @click=${() => (this.events = [])}>
            Clear
          </button>
        </div>
        <ol class="events" role="log" aria-label="Events" ?hidden=${!this.events.length}>
          ${repeat(this.events, ({ number }) => number, (event) => this.#event(event))}
        </ol>
        ${this.events.length
          ? nothing
          : html`<div class="empty"><p>Open a socket, and all that happens on it is listed here.</p></div>`}
      </section>
    </div>`;
  }

  #opening() {
    const busy = this.phase !== "closed";
    return html`<form class="form" @submit=${this.#open}>
      <div class="field">
        <label for="endpoint">Endpoint</label>
        <select id="endpoint" ?disabled=${busy} @change=${this.#choose}>
          ${this.endpoints.map(({ path, about }) => html`<option value=${path}>${path} (${about})</option>`)}
        </select>
      </div>
      <div class="field">
        <label for="path">Path</label>
        <input id="path" .value=${this.path} ?disabled=${busy} required pattern="/ws/.+" autocomplete="off"
          spellcheck="false" @change=${this.#choose} />
      </div>
      <div class="row">
        <button class="button button--primary" type="submit" ?disabled=${busy}>Open</button>
        <button class="button" type="button" ?disabled=${!busy} @click=${() => this.socket?.close(1000)}>
          Close
        </button>
        <span class="connection" role="status" data-phase=${this.phase === "open" ? "live" : "connecting"}
          >${{ closed: "Closed", opening: "Opening…", open: "Open" }[this.phase]}</span
        >
      </div>
    </form>`;
  }

  #sending() {
    return html`<form class="form" @submit=${this.#send}>
      <div class="field">
        <label for="frame">Frame</label>
        <textarea id="frame" rows="6" spellcheck="false" autocomplete="off" .value=${this.frame}
          @keydown=${this.#onKey}
          @input=${(/** @type {InputEvent} */ event) => (this.frame = /** @type {any} */ (event.target).value)}
        ></textarea>
        <span class="field__hint">${bytesOf(this.frame)} bytes. Ctrl-Enter sends.</span>
      </div>
      <button class="button button--primary" type="submit" ?disabled=${this.phase !== "open"}>Send</button>
    </form>
    <section aria-labelledby="examples-title">
      <h2 class="overline" id="examples-title">Examples</h2>
      <div class="console__examples">
        ${examplesFor(this.path).map(
          ({ name, frame }) =>
            html`<button class="button" type="button" @click=${() => (this.frame = frame())}>${name}</button>`,
        )}
      </div>
    </section>`;
  }

  /** @param {Occurrence} event */
  #event({ kind, at, bytes, text }) {
    const milliseconds = String(at.getMilliseconds()).padStart(3, "0");
    return html`<li data-kind=${kind}>
      <div class="events__head">
        <span class="events__kind">${kind}</span>
        <time datetime=${at.toISOString()}>${clockSeconds(at)}.${milliseconds}</time>
        ${bytes === null ? nothing : html`<span class="number">${bytes} ${bytes === 1 ? "byte" : "bytes"}</span>`}
      </div>
      <pre class="events__text">${text}</pre>
    </li>`;
  }

  #choose(/** @type {Event} */ event) {
    this.path = /** @type {HTMLInputElement | HTMLSelectElement} */ (event.target).value;
    this.frame = examplesFor(this.path)[0].frame();
  }

  #open(/** @type {SubmitEvent} */ event) {
    event.preventDefault();
    this.phase = "opening";
    const socket = openBare(this.path, person);
    this.socket = socket;
    socket.onopen = () => {
      this.phase = "open";
      this.#note("open", `${socket.url}`);
    };
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") this.#note("message", data, bytesOf(data));
      else this.#note("message", "(binary)", data.size);
    };
    socket.onerror = () => this.#note("error", "The browser tells no more than that. The close that follows may.");
    socket.onclose = ({ code, reason, wasClean }) => {
      this.phase = "closed";
      const how = wasClean ? "" : ", without a closing handshake";
      this.#note("close", `${code}${reason ? ` ${reason}` : ""}${CODES[code] ? ` (${CODES[code]})` : ""}${how}`);
    };
  }

  #send(/** @type {Event} */ event) {
    event.preventDefault();
    if (this.phase !== "open" || !this.socket) return;
    this.socket.send(this.frame);
    this.#note("sent", this.frame, bytesOf(this.frame));
  }

  #onKey(/** @type {KeyboardEvent} */ event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.#send(event);
  }

  /** @param {Kind} kind @param {string} text @param {number | null} bytes */
  #note(kind, text, bytes = null) {
    this.events = [{ number: ++this.count, kind, at: new Date(), bytes, text }, ...this.events].slice(0, MOST);
  }
}

const CODES = /** @type {Record<number, string>} */ ({
  1000: "normal",
  1001: "going away",
  1006: "lost",
  1011: "the server failed",
  1012: "the server restarts",
  4400: "binary frame",
  4401: "sign in",
  4403: "forbidden",
  4404: "no such thing",
  4409: "replaced",
  4429: "flood",
  4503: "resync",
});

customElements.define("socket-console", SocketConsole);
