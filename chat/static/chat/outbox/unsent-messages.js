import { html, LitElement, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { copy } from "web/copy.js";
import { clockTime, wholeTime } from "web/time.js";
import { outbox } from "./sending.js";
import { isListedDirect, listedName, titled } from "../rooms/listed-room.js";

/**
 * Shows unsent messages of all rooms on every page: those for a room that the person may no longer enter would be
 * nowhere else.
 *
 * @typedef {import("./outbox.js").Entry} Entry
 */

export class UnsentMessages extends LitElement {
  static properties = { copied: { state: true }, revision: { state: true } };

  constructor() {
    super();
    /** The id of the message that was copied last. */
    this.copied = "";
    this.revision = 0;
    this.wasOpen = false;
    this.end = () => {};
  }

  createRenderRoot() {
    return this;
  }

  connectedCallback() {
    super.connectedCallback();
    this.end = outbox.onChange(() => (this.revision += 1));
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.end();
  }

  willUpdate() {
    this.wasOpen = Boolean(this.querySelector("dialog")?.open);
  }

  /** Restore the focus when the focused element went away with its message. */
  updated() {
    if (!this.wasOpen || document.activeElement !== document.body) return;
    /** @type {HTMLElement | null} */ (this.querySelector("dialog form button") ?? document.querySelector("main"))?.focus();
  }

  render() {
    const failed = outbox.entries.filter(({ state }) => state === "failed");
    if (!failed.length) return nothing;
    return html`<section class="sidebar__section">
      <button class="sidebar__link unsent__button" type="button" @click=${() => this.querySelector("dialog")?.showModal()}>
        <span>Not sent</span><span class="count count--failed">${failed.length}</span>
      </button>
      <dialog class="dialog" aria-labelledby="unsent-title">
        <h2 id="unsent-title">Not sent</h2>
        <ul class="unsent">
          ${repeat(failed, ({ id }) => id, (entry) => this.#entry(entry))}
        </ul>
        <form method="dialog" class="dialog__actions"><button class="button">Close</button></form>
      </dialog>
    </section>`;
  }

  #entry(/** @type {Entry} */ { id, room, body, at, reason }) {
    return html`<li class="unsent__entry">
      <p class="unsent__head">
        <b>${nameOf(room)}</b> <time class="muted" datetime=${new Date(at).toISOString()} title=${wholeTime(at)}>${clockTime(at)}</time>
      </p>
      <p class="unsent__body">${body}</p>
      <p class="field__error">${reason}</p>
      <div class="row">
        <button class="button" type="button" @click=${(/** @type {Event} */ { target }) => this.#copy(id, body, target)}>${this.copied === id ? "Copied" : "Copy"}</button>
        <button class="button" type="button" @click=${() => outbox.retry(id)}>Try again</button>
        <button class="button button--danger" type="button" @click=${() => outbox.discard(id)}>Discard</button>
      </div>
    </li>`;
  }

  /** @param {string} id @param {string} body @param {EventTarget | null} button */
  async #copy(id, body, button) {
    const shown = /** @type {HTMLElement} */ (button).closest("li")?.querySelector(".unsent__body") ?? null;
    if (await copy(body, shown)) this.copied = id;
  }
}

function nameOf(/** @type {string} */ room) {
  return room.startsWith("r-") ? "A talk in roulette" : titled(listedName(room), isListedDirect(room));
}

customElements.define("unsent-messages", UnsentMessages);
