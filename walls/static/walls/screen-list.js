/** The screens that are connected, over all processes, for staff. */
import { html, LitElement, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { ask, given } from "web/page.js";
import { age } from "web/time.js";
import { awayWords, buildWords, paintedWords } from "./screen-words.js";

/** @typedef {import("./screen-words.js").Told} Told */

/** Milliseconds between two requests. */
const EVERY = 3000;
/** Milliseconds after which the list is marked as out of date. */
const KNOWN = 3 * EVERY;

export class ScreenList extends LitElement {
  static properties = { screens: { state: true }, trouble: { state: true }, renaming: { state: true } };

  constructor() {
    super();
    /** @type {Told[] | null} */
    this.screens = null;
    this.trouble = "";
    /** When the shown list came from the server, by this page's clock, milliseconds. */
    this.toldAt = 0;
    /** When the running request began; 0: none is running. */
    this.askedAt = 0;
    /** The id of the screen that is being renamed. */
    this.renaming = 0;
    this.said = "";
    this.mayChange = Boolean(given("page-config")?.mayChange);
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.looking = undefined;
  }

  createRenderRoot() {
    return this;
  }

  connectedCallback() {
    super.connectedCallback();
    this.translate = false;
    this.looking = setInterval(() => {
      if (document.visibilityState === "visible") this.#look();
      this.requestUpdate();
    }, EVERY);
    this.#look();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.looking);
  }

  updated() {
    const field = /** @type {HTMLInputElement | null} */ (this.querySelector("input"));
    if (field && document.activeElement !== field && !field.dataset.chosen) {
      field.dataset.chosen = "";
      field.select();
    }
  }

  async #look() {
    // One request at a time, but one that gets no answer must not block the next for long.
    if (this.askedAt && performance.now() - this.askedAt < KNOWN) return;
    const askedAt = (this.askedAt = performance.now());
    await this.#try(async () => {
      this.screens = (await ask("GET", "/api/screens/")).screens;
      this.toldAt = performance.now();
    });
    if (this.askedAt === askedAt) this.askedAt = 0;
  }

  /** While the server does not answer, the state of the screens is unknown. */
  get #known() {
    return performance.now() - this.toldAt < KNOWN;
  }

  async #try(/** @type {() => Promise<void>} */ work) {
    try {
      await work();
      this.trouble = "";
    } catch (error) {
      this.trouble = error instanceof Error ? error.message : "";
    }
  }

  /** @param {Told} screen @param {"PUT" | "POST" | "DELETE"} method @param {any} body @param {string} said */
  async #act({ id }, method, body, said) {
    await this.#try(async () => {
      await ask(method, `/api/screens/${id}/`, body);
      this.said = said;
      this.renaming = 0;
    });
    if (!this.trouble) await this.#look();
  }

  render() {
    const { screens } = this;
    return html`${this.trouble ? html`<p class="notice notice--error" role="alert">${this.trouble}</p>` : nothing}
      ${screens && !this.#known ? html`<p class="notice notice--error" role="status">Not connected. The screens are as they were ${age(performance.now() - this.toldAt)} ago.</p>` : nothing}
      <p class="visually-hidden" role="status">${this.said}</p>
      ${screens === null
        ? html`<p class="muted">Loading…</p>`
        : screens.length
          ? html`<ul class="screens">
              ${repeat(
                screens,
                ({ id }) => id,
                (screen) => html`<li ?data-away=${!screen.connected || !this.#known}>${this.#screen(screen)}</li>`,
              )}
            </ul>`
          : html`<div class="empty"><h2>No screen is connected</h2><p>Open ${location.host}/wall/ on the screen on your wall, and enter the code that it shows under “Pair a screen”.</p></div>`}`;
  }

  #screen(/** @type {Told} */ screen) {
    const { id, name, wall, link, user, connected } = screen;
    const whose = user ? html`<span class="badge">full screen</span>` : html`<span class="muted">${wall} · ${link}</span>`;
    return html`<span class="screens__name">
        ${this.renaming === id
          ? this.#form(screen)
          : html`<b><span class="screens__sign" aria-hidden="true">${connected && this.#known ? "●" : "○"}</span> ${name}</b> ${whose}`}
      </span>
      <span class="screens__facts small muted">${connected ? this.#facts(screen) : awayWords(screen, Date.now())}</span>
      ${this.mayChange ? this.#buttons(screen) : nothing}`;
  }

  #facts(/** @type {Told} */ screen) {
    const { board } = screen;
    const { isLate, text } = paintedWords(screen, Date.now());
    return html`${board ? html`shows <b>${board}</b>` : "shows nothing at this hour"} ·
      ${isLate ? "⚠\ufe0e " : nothing}${text} ·
      ${buildWords(screen)}`;
  }

  #form(/** @type {Told} */ screen) {
    const send = (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      const name = new FormData(/** @type {HTMLFormElement} */ (event.target)).get("name");
      this.#act(screen, "PUT", { name }, "Renamed");
    };
    return html`<form @submit=${send} @keydown=${(/** @type {KeyboardEvent} */ { key }) => key === "Escape" && (this.renaming = 0)}>
      <input class="input" name="name" maxlength="80" autocomplete="off" aria-label="Name of the screen" .defaultValue=${screen.name} />
      <button class="button">Save</button>
    </form>`;
  }

  #buttons(/** @type {Told} */ screen) {
    const { id, name, user, connected } = screen;
    const button = (/** @type {string} */ text, /** @type {() => void} */ act) =>
      html`<button class="button" type="button" aria-label=${`${text} ${name}`} @click=${act}>${text}</button>`;
    return html`<span class="screens__do">
      ${user ? nothing : button("Rename", () => (this.renaming = id))}
      ${connected
        ? html`${button("Identify", () => this.#act(screen, "POST", { do: "identify" }, `${name} shows its name`))}
            ${button("Reload", () => this.#act(screen, "POST", { do: "reload" }, `${name} reloads`))}`
        : button("Forget", () => this.#act(screen, "DELETE", undefined, `${name} is forgotten`))}
    </span>`;
  }
}

customElements.define("screen-list", ScreenList);
