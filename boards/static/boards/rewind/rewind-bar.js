/** A slider that shows the board as it was, and the way back. */
import { html, LitElement, nothing } from "lit";
import { elsewhere, fieldText, fieldTime, wholeTime } from "web/time.js";
import { stepAt, STEPS, timeAt, windowReaching, windowsFor } from "./rewind.js";

/** @typedef {import("../state/screen.js").Screen} Screen */

/** Milliseconds that the slider must rest before the server is asked. */
const REST = 120;

export class RewindBar extends LitElement {
  static properties = {
    screen: { attribute: false },
    at: { attribute: false },
    seconds: { state: true },
    trouble: { state: true },
    asking: { state: true },
  };

  constructor() {
    super();
    /** @type {Screen | null} */
    this.screen = null;
    /** The requested time, unix milliseconds; null: not rewound yet. @type {number | null} */
    this.at = null;
    this.seconds = 0;
    this.trouble = "";
    this.asking = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.resting = undefined;
  }

  createRenderRoot() {
    return this;
  }

  firstUpdated() {
    if (this.at !== null) this.#go(this.at);
    this.querySelector("input")?.focus();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.resting);
  }

  get #windows() {
    return windowsFor(Math.max(0, ...[...(this.screen?.state.streams.values() ?? [])].map(({ kept }) => kept)));
  }

  #now() {
    return this.screen?.now() ?? 0;
  }

  /** Show the board as it was, once the slider rests. */
  #go(/** @type {number} */ at) {
    this.at = Math.min(at, this.#now() - 1000);
    if (this.seconds && this.#now() - this.at > this.seconds * 1000) this.seconds = windowReaching(this.#windows, this.at, this.#now()).seconds;
    clearTimeout(this.resting);
    this.resting = setTimeout(() => void this.#ask(), REST);
  }

  async #ask() {
    const { screen, at } = this;
    if (!screen || at === null) return;
    this.asking = true;
    try {
      await screen.rewind(at);
      this.trouble = "";
    } catch (error) {
      this.trouble = error instanceof Error ? error.message : "The server could not be reached.";
    }
    this.asking = false;
  }

  #back() {
    clearTimeout(this.resting);
    this.at = null;
    this.trouble = "";
    this.screen?.backToLive();
    this.dispatchEvent(new CustomEvent("live", { bubbles: true }));
  }

  render() {
    const { screen, at } = this;
    if (!screen) return nothing;
    const windows = this.#windows;
    this.seconds ||= windowReaching(windows, at ?? this.#now(), this.#now()).seconds;
    const now = this.#now();
    const text = at === null ? "Live" : [wholeTime(at), elsewhere(at)].filter(Boolean).join(", ");
    return html`<div class="rewind" role="group" aria-label="The board as it was" aria-busy=${this.asking}>
      <label class="rewind__slider">
        <span class="visually-hidden">Time</span>
        <input
          type="range"
          min="0"
          max=${STEPS}
          step="1"
          .value=${String(at === null ? STEPS : stepAt(at, this.seconds, now))}
          aria-valuetext=${text}
          @input=${(/** @type {any} */ { target }) => this.#go(timeAt(Number(target.value), this.seconds, this.#now()))}
        />
      </label>
      <select class="rewind__field" aria-label="How far back" @change=${(/** @type {any} */ { target }) => (this.seconds = Number(target.value))}>
        ${windows.map(({ seconds, label }) => html`<option value=${seconds} ?selected=${seconds === this.seconds}>${label}</option>`)}
      </select>
      <input
        class="rewind__field"
        type="datetime-local"
        step="1"
        aria-label="Exact time"
        .value=${fieldText(at ?? now)}
        max=${fieldText(now)}
        @change=${(/** @type {any} */ { target }) => target.value && this.#go(fieldTime(target.value))}
      />
      <p class="rewind__said" role="status">
        ${this.trouble ? html`<span class="field__error">${this.trouble}</span>` : at === null ? "Choose a time" : html`As it was on <b>${text}</b>`}
      </p>
      <button class="button button--primary" type="button" @click=${this.#back}>Back to live</button>
    </div>`;
  }
}

customElements.define("rewind-bar", RewindBar);
