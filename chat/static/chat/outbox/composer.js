import { html, LitElement, nothing } from "lit";
import { endDraft, keepDraft, takeDraft } from "./drafts.js";

/**
 * The field for writing messages, edits and answers. Enter sends, Shift-Enter starts a new line.
 * Events: "typing", "say" {body, task}, "give-up" (an edit or answer), "take-theirs", "edit-last".
 *
 * @typedef {import("./drafts.js").Subject} Subject
 * @typedef {import("./drafts.js").Task} Task
 */

/** When this few characters are left, their number is shown. */
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
    if (changed.has("draftKey")) {
      endDraft(/** @type {string | undefined} */ (changed.get("draftKey")) ?? "");
      this.body = takeDraft(this.draftKey).text;
    }
    if (!changed.has("task")) return;
    const before = /** @type {Task | null | undefined} */ (changed.get("task"));
    if (before?.what === "edit") this.body = this.beforeEdit;
    if (this.task?.what === "edit") {
      this.beforeEdit = this.body;
      this.body = this.task.body ?? this.task.message.body;
    }
    this.#keep();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    endDraft(this.draftKey);
  }

  /** @param {Map<string, unknown>} changed */
  updated(changed) {
    if (changed.has("body")) this.#fit();
    if (!changed.has("task") || !this.task) return;
    this.field.focus();
    this.field.setSelectionRange(this.body.length, this.body.length);
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
          dir="auto"
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

  #task(/** @type {Task} */ { what, message, theirs }) {
    if (theirs) return this.#theirs(message);
    const text = what === "edit" ? "Editing your message" : `Replying to ${message.sender.name}`;
    return html`<div class="composer__task">
      <span><b>${text}</b>${what === "reply" ? html` <span class="muted">${message.body.slice(0, 140)}</span>` : nothing}</span>
      <button class="link-button" type="button" @click=${this.#giveUp}>Cancel <kbd aria-hidden="true">Esc</kbd></button>
    </div>`;
  }

  /** Somebody changed the text during the edit: show both versions until the writer chooses one. */
  #theirs(/** @type {Subject} */ message) {
    return html`<div class="composer__theirs notice notice--warning" role="alert">
      <p><b>This message was changed meanwhile.</b> It now says:</p>
      <p class="composer__text">${message.body}</p>
      <p>Your own text is below: save it to put it in place of that.</p>
      <div class="row">
        <button class="button" type="button" @click=${() => this.dispatchEvent(new CustomEvent("take-theirs"))}>
          Edit that text instead
        </button>
        <button class="button" type="button" @click=${this.#giveUp}>Leave it as it is</button>
      </div>
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
    this.#keep();
  }

  #keep() {
    const { body, task, beforeEdit, draftKey } = this;
    const edits = task?.what === "edit";
    keepDraft(draftKey, { text: edits ? beforeEdit : body, task: task && keptTask(edits ? { ...task, body } : task) });
  }

  #onKey(/** @type {KeyboardEvent} */ event) {
    // Safari ends a composition before the Enter that confirms it: only the old `keyCode` reveals that Enter.
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
      keepDraft(this.draftKey, { text: "", task: null });
    }
    this.dispatchEvent(new CustomEvent("say", { detail: { body, task } }));
  }

  /** Make the field as tall as its text, up to the style sheet's maximum. */
  #fit() {
    const { field } = this;
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight}px`;
  }
}

/** The part of a task that a reload needs. @param {Task} task @returns {Task} */
const keptTask = ({ message: { seq, body, edited_at, sender }, ...rest }) => ({ ...rest, message: { seq, body, edited_at, sender } });

/** The number of characters, as the server counts them. */
const length = (/** @type {string} */ text) => [...text].length;

/** True with a screen keyboard, where Enter is the only way to start a new line. */
const touches = () => matchMedia("(hover: none) and (pointer: coarse)").matches;

customElements.define("room-composer", RoomComposer);
