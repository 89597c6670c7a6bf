import { html, LitElement, nothing } from "lit";
import { keyed } from "lit/directives/keyed.js";
import { copy } from "web/copy.js";
import { CommandError } from "realtime/errors.js";
import { clockTime } from "web/time.js";
import "../outbox/composer.js";
import { keepDraft, leftOver, onTakenBack, takeDraft } from "../outbox/drafts.js";
import { comesBack } from "./line-words.js";
import "../log/room-log.js";
import { names } from "../log/rows.js";
import { sentence } from "./trouble.js";

/**
 * The conversation in a room: the log, who is typing, and the composer. Used by rooms and by roulette.
 *
 * @typedef {import("./room-state.js").RoomState} RoomState
 * @typedef {import("../outbox/composer.js").RoomComposer} RoomComposer
 * @typedef {import("../log/room-log.js").RoomLogView} RoomLogView
 * @typedef {import("../outbox/composer.js").Task} Task
 */

export class RoomTalk extends LitElement {
  static properties = {
    roomState: { attribute: false },
    label: {},
    limit: { attribute: false },
    readOnly: { attribute: false },
    canAmend: { attribute: false },
    revision: { state: true },
    task: { state: true },
    trouble: { state: true },
    doomed: { state: true },
    knowsUnkept: { state: true },
    copied: { state: true },
  };

  constructor() {
    super();
    /** @type {RoomState | null} */
    this.roomState = null;
    this.label = "";
    this.limit = 8000;
    /** Why the reader cannot write; "" when they can. */
    this.readOnly = "";
    /** Whether the reader may edit and delete their own messages. */
    this.canAmend = true;
    this.revision = 0;
    /** @type {Task | null} */
    this.task = null;
    this.trouble = "";
    this.knowsUnkept = false;
    this.copied = false;
    /** @type {import("../log/log.js").Message | null} the message whose deletion must be confirmed */
    this.doomed = null;
    /** Counts the composers: a new one takes the draft again. */
    this.composers = 0;
    /** @type {(() => void)[]} */
    this.endings = [];
    this.endDrafts = () => {};
  }

  createRenderRoot() {
    return this;
  }

  /** Edits that failed while something else was being written, or after the reader had gone to another room. */
  get unsaved() {
    return this.roomState?.kept.unsaved ?? [];
  }

  set unsaved(edits) {
    if (this.roomState) this.roomState.kept.unsaved = edits;
    this.requestUpdate();
  }

  get composer() {
    return /** @type {RoomComposer | null} */ (this.querySelector("room-composer"));
  }

  get logView() {
    return /** @type {RoomLogView | null} */ (this.querySelector("room-log"));
  }

  /** @param {Map<string, unknown>} changed */
  willUpdate(changed) {
    if (!changed.has("roomState")) return;
    for (const end of this.endings) end();
    this.task = this.roomState ? takeDraft(draftKey(this.roomState)).task : null;
    this.trouble = "";
    this.endings = this.roomState ? [this.roomState.onChange(() => (this.revision += 1))] : [];
  }

  connectedCallback() {
    super.connectedCallback();
    this.endDrafts = onTakenBack(() => this.#takeBack());
  }

  /** The draft may have been sent or changed by a later page of this tab: show it as it is now. */
  #takeBack() {
    if (!this.roomState) return;
    this.task = takeDraft(draftKey(this.roomState)).task;
    this.composers += 1;
    this.requestUpdate();
  }

  updated() {
    const dialog = /** @type {HTMLDialogElement | null} */ (this.querySelector("dialog"));
    if (this.doomed && dialog && !dialog.open) dialog.showModal();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.endDrafts();
    for (const end of this.endings) end();
  }

  render() {
    const { roomState } = this;
    if (!roomState) return null;
    const shut = this.readOnly || roomState.readOnly || (roomState.phase === "shut" ? roomState.trouble : "");
    return html`
      <room-log .roomState=${roomState} .canWrite=${!shut} .canAmend=${this.canAmend} @act=${this.#onAct}></room-log>
      <div class="talk__foot">
        <div class="talk__typing" aria-live="off">${this.#typing()}</div>
        ${this.#standing()} ${this.#unkept()} ${this.unsaved.length ? this.#failedEdit() : nothing}
        ${shut
          ? html`<p class="notice" role="status">${shut}</p>
              ${this.#leftOver(draftKey(roomState))}`
          : keyed(
              this.composers,
              html`<room-composer
                .label=${this.label}
                .draftKey=${draftKey(roomState)}
                .limit=${this.limit}
                .task=${this.task}
                .trouble=${this.trouble}
                @typing=${() => roomState.typing()}
                @say=${this.#onSay}
                @give-up=${this.#giveUp}
                @take-theirs=${this.#takeTheirs}
                @edit-last=${this.#editLast}
              ></room-composer>`,
            )}
      </div>
      ${this.doomed ? this.#confirmation() : nothing}
    `;
  }

  #typing() {
    const users = this.roomState?.typists.users ?? [];
    if (!users.length) return nothing;
    return `${names(users)} ${users.length > 1 ? "are" : "is"} typing…`;
  }

  /** While disconnected: up to when the shown messages are complete, and what will happen to new ones. */
  #standing() {
    const roomState = /** @type {RoomState} */ (this.roomState);
    const { socket, knownAt, phase } = roomState;
    if (phase === "here" || phase === "shut") return nothing;
    if (roomState.trouble) return html`<p class="notice notice--warning" role="status">${roomState.trouble}</p>`;
    const { phase: line, code } = socket.state;
    // At the first connection there is nothing to say yet; during a retry, the former text stays.
    if (!knownAt && line !== "waiting" && line !== "stopped") return nothing;
    return html`<div class="talk__standing notice notice--warning">
      <span
        >${knownAt ? `All messages received up to ${clockTime(knownAt)}. ` : ""}${line === "stopped" && socket.state.reason
          ? socket.state.reason
          : "What you write is kept, and sent when the connection is back."}</span
      >
      ${code === 4401
        ? html`<a class="button" href="/sign-in/?next=${encodeURIComponent(location.pathname)}">Sign in</a>`
        : comesBack(roomState)
          ? html`<button class="button" type="button" aria-disabled=${line === "connecting"} @click=${() => socket.retry()}>
              Try now
            </button>`
          : nothing}
    </div>`;
  }

  /** The browser has no working store. Shown once; the reader can dismiss it. */
  #unkept() {
    const { outbox } = /** @type {RoomState} */ (this.roomState);
    if (!outbox.store.isLost || this.knowsUnkept) return nothing;
    return html`<div class="talk__standing notice notice--warning" role="status">
      <span>This browser does not keep unsent messages: do not close this page while one is waiting.</span>
      <button class="button" type="button" @click=${() => (this.knowsUnkept = true)}>I see</button>
    </div>`;
  }

  /** The oldest failed edit, which waits until the field is free. */
  #failedEdit() {
    const [{ task, trouble }, ...others] = this.unsaved;
    const goOn = () => {
      this.unsaved = others;
      Object.assign(this, { task, trouble });
    };
    const discard = () => {
      this.unsaved = others;
      this.composer?.focusField();
    };
    return html`<div class="composer__theirs notice notice--warning" role="status">
      <p><b>An edit was not saved:</b></p>
      <p class="composer__text">${task.body}</p>
      <div class="row">
        <button class="button" type="button" ?disabled=${Boolean(this.task)} @click=${goOn}>Edit again</button>
        <button class="button" type="button" @click=${discard}>Discard</button>
      </div>
    </div>`;
  }

  /** The text in the field when the room closed: show it, so that the writer can copy it. */
  #leftOver(/** @type {string} */ key) {
    const text = leftOver(key);
    if (!text) return nothing;
    const take = async () => (this.copied = await copy(text, this.querySelector("[data-left-over]")));
    const discard = () => {
      keepDraft(key, { text: "", task: null });
      this.requestUpdate();
      document.querySelector("main")?.focus(); // the button disappears
    };
    return html`<div class="composer__theirs notice">
      <p><b>What you were writing here was not sent:</b></p>
      <p class="composer__text" data-left-over>${text}</p>
      <div class="row">
        <button class="button" type="button" @click=${take}>${this.copied ? "Copied" : "Copy"}</button>
        <button class="button" type="button" @click=${discard}>Discard</button>
      </div>
    </div>`;
  }

  #confirmation() {
    return html`<dialog class="dialog" aria-labelledby="doomed-title" @close=${this.#decided}>
      <h2 id="doomed-title">Delete this message?</h2>
      <p class="talk__doomed">${this.doomed?.body.slice(0, 300)}</p>
      <p class="muted small">Everyone here will see that a message was deleted, not what it said.</p>
      <form method="dialog" class="dialog__actions">
        <button class="button" value="">Keep it</button>
        <button class="button button--danger" value="delete">Delete</button>
      </form>
    </dialog>`;
  }

  #decided(/** @type {Event} */ event) {
    const { returnValue } = /** @type {HTMLDialogElement} */ (event.target);
    const message = this.doomed;
    this.doomed = null;
    if (returnValue === "delete" && message) this.#attempt(this.roomState?.remove(message.seq));
    this.composer?.focusField();
  }

  #onAct(/** @type {CustomEvent} */ { detail: { action, subject } }) {
    const { roomState } = this;
    if (!roomState) return;
    if (action === "react") this.#attempt(roomState.react(subject.seq, subject.emoji, subject.on));
    else if (action === "acknowledge") this.#attempt(roomState.acknowledge(subject.seq));
    else if (action === "edit" || action === "reply") this.#start({ what: action, message: subject });
    else if (action === "delete") this.doomed = subject;
    else if (action === "retry") roomState.outbox.retry(subject);
    else if (action === "discard") roomState.outbox.discard(subject);
  }

  #start(/** @type {Task} */ task) {
    this.trouble = "";
    this.task = task;
  }

  #giveUp() {
    this.task = null;
    this.trouble = "";
  }

  #takeTheirs() {
    if (this.task) this.#start({ what: "edit", message: this.task.message });
  }

  #editLast() {
    const message = this.canAmend && this.roomState?.log.lastOf(this.roomState.me.id);
    if (message) this.#start({ what: "edit", message });
  }

  async #onSay(/** @type {CustomEvent} */ { detail: { body, task } }) {
    const { roomState } = this;
    if (!roomState) return;
    if (task?.what !== "edit") {
      this.#giveUp();
      this.logView?.toEnd();
      await roomState.send(body, task?.message.seq ?? null);
      return;
    }
    await this.#save(roomState, /** @type {Task} */ (task), body);
  }

  /** The field is free at once. A failed edit comes back to it, but not while the writer is writing something else. */
  async #save(/** @type {RoomState} */ roomState, /** @type {Task} */ task, /** @type {string} */ body) {
    const { seq, edited_at } = task.message;
    const draft = this.composer?.beforeEdit;
    this.task = null;
    this.trouble = "";
    try {
      await roomState.edit(seq, body, edited_at);
    } catch (error) {
      const now = error instanceof CommandError && error.code === "conflict" && error.event.message;
      const failed = { what: /** @type {const} */ ("edit"), message: now || task.message, body, theirs: Boolean(now) };
      const trouble = now ? "" : sentence(error);
      await this.updateComplete;
      await this.composer?.updateComplete;
      if (!this.isConnected || this.task || this.composer?.body !== draft) this.unsaved = [...this.unsaved, { task: failed, trouble }];
      else Object.assign(this, { task: failed, trouble });
    }
  }

  /** Show the error of an action that is not retried. */
  async #attempt(/** @type {Promise<unknown> | undefined} */ doing) {
    this.trouble = "";
    try {
      await doing;
    } catch (error) {
      this.trouble = sentence(error);
    }
  }
}

const draftKey = (/** @type {RoomState} */ { me, room }) => `${me.id}:${room}`;

customElements.define("room-talk", RoomTalk);
