import { html, LitElement, nothing } from "lit";
import { forgetDraft, keepDraft, keptDraft } from "./drafts.js";

/**
 * Where messages are written: Enter sends, Shift-Enter breaks the line; also edits and answers.
 * Tells by events: "typing", "say" {body}, "give-up" (an edit or answer), "edit-last".
 *
 * @typedef {import("./log.js").Message} Message
 * @typedef {{what: "edit" | "reply", message: Message}} Task
 */

/** The number left is shown when so few are. */
const NEAR_LIMIT = 500;
/** `keyCode` of keys that an input method takes (UI Events, 8.3.3). */
const COMPOSING = 229;

export class RoomComposer extends LitElement {
  static properties = {
    label: {},
    draftKey: { attribute: false },
    limit: { attribute: false },
    task: { attribute: false },
    trouble: { attribute: false },
    body: { state: true },
  };

  constructor() {
    super();
    this.label = "";
    this.draftKey = "";
    this.limit = 8000;
    /** @type {Task | null} */
    this.task = null;
    this.trouble = "";
    this.body = "";
    this.beforeEdit = "";
  }

  createRenderRoot() {
    return this;
  }

  get field() {
    return /** @type {HTMLTextAreaElement} */ (this.querySelector("textarea"));
  }

  /** @param {Map<string, unknown>} changed */
  willUpdate(changed) {
    if (changed.has("draftKey")) this.body = keptDraft(this.draftKey);
    if (!changed.has("task")) return;
    const before = /** @type {Task | null | undefined} */ (changed.get("task"));
    if (before?.what === "edit") this.body = this.beforeEdit;
    if (this.task?.what === "edit") {
      this.beforeEdit = this.body;
      this.body = this.task.message.body;
    }
  }

  /** @param {Map<string, unknown>} changed */
  updated(changed) {
    if (changed.has("body")) this.#fit();
    if (!changed.has("task") || !this.task) return;
    this.field.focus();
    this.field.setSelectionRange(this.body.length, this.body.length);
  }

  /** Take the words back in, after they could not be used. */
  restore(/** @type {string} */ body) {
    this.#write(body);
  }

  focusField() {
    this.field?.focus();
  }

  render() {
    const left = this.limit - length(this.body);
    const empty = !this.body.trim();
    return html`
      ${this.task ? this.#task(this.task) : nothing}
      <form class="composer" @submit=${this.#submit}>
        <textarea
          rows="1"
          aria-label=${this.label}
          placeholder=${this.label}
          aria-describedby="composer-left"
          aria-invalid=${left < 0}
          enterkeyhint="send"
          .value=${this.body}
          @input=${this.#onInput}
          @keydown=${this.#onKey}
        ></textarea>
        <div class="composer__end">
          <span class="composer__left ${left < 0 ? "composer__left--over" : ""}" id="composer-left" role="status"
            >${left < NEAR_LIMIT ? (left < 0 ? `${-left} too many` : `${left} left`) : ""}</span
          >
          <button class="button button--primary" type="submit" ?disabled=${empty || left < 0}>
            ${this.task?.what === "edit" ? "Save" : "Send"}
          </button>
        </div>
      </form>
      ${this.trouble ? html`<p class="field__error composer__trouble" role="alert">${this.trouble}</p>` : nothing}
    `;
  }

  #task(/** @type {Task} */ { what, message }) {
    const text = what === "edit" ? "Editing your message" : `Replying to ${message.sender.name}`;
    return html`<div class="composer__task">
      <span><b>${text}</b>${what === "reply" ? html` <span class="muted">${message.body.slice(0, 140)}</span>` : nothing}</span>
      <button class="link-button" type="button" @click=${this.#giveUp}>Cancel <kbd aria-hidden="true">Esc</kbd></button>
    </div>`;
  }

  #giveUp() {
    this.dispatchEvent(new CustomEvent("give-up"));
    this.field.focus();
  }

  #onInput() {
    this.#write(this.field.value);
    if (this.body.trim() && this.task?.what !== "edit") this.dispatchEvent(new CustomEvent("typing"));
  }

  #write(/** @type {string} */ body) {
    this.body = body;
    // An edit is not a draft: leaving it leaves the message as it is.
    if (this.task?.what !== "edit") keepDraft(this.draftKey, body);
  }

  #onKey(/** @type {KeyboardEvent} */ event) {
    // Safari ends a composition before the Enter that chooses its words: only the old code tells that one.
    if (event.isComposing || event.keyCode === COMPOSING) return;
    if (event.key === "Escape" && this.task) {
      event.preventDefault();
      this.#giveUp();
    } else if (event.key === "ArrowUp" && !this.body && !this.task) {
      event.preventDefault();
      this.dispatchEvent(new CustomEvent("edit-last"));
    } else if (event.key === "Enter" && !event.shiftKey && !touches()) {
      event.preventDefault();
      this.#say();
    }
  }

  #submit(/** @type {Event} */ event) {
    event.preventDefault();
    this.#say();
    this.field.focus();
  }

  #say() {
    if (!this.body.trim() || length(this.body) > this.limit) return;
    const { body, task } = this;
    if (task?.what !== "edit") {
      this.body = "";
      forgetDraft(this.draftKey);
    }
    this.dispatchEvent(new CustomEvent("say", { detail: { body, task } }));
  }

  /** As high as its text, up to what the style sheet allows. */
  #fit() {
    const { field } = this;
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight}px`;
  }
}

/** Characters as the server counts them. */
const length = (/** @type {string} */ text) => [...text].length;

/** On a screen keyboard, Enter is the only way to a new line. */
const touches = () => matchMedia("(hover: none) and (pointer: coarse)").matches;

customElements.define("room-composer", RoomComposer);
