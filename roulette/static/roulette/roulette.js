/** The page of roulette. */
import { html, LitElement, nothing } from "lit";
import { given } from "web/page.js";
import { shortcut } from "web/shortcuts.js";
import { tab } from "web/storage.js";
import { socket } from "chat/rooms/connection.js";
import "chat/rooms/connection-line.js";
import { checkConnection } from "./echo-check.js";
import { avatar, guestBadge } from "chat/log/message-view.js";
import { openRoom } from "chat/rooms/open-room.js";
import { Pairing } from "./pairing.js";
import { MOST_TOPICS, readTopics } from "./topics.js";
import "chat/rooms/room-talk.js";
import { Unread } from "chat/rooms/unread.js";

/** @typedef {import("realtime/people.js").User} User */

const { bodyCharacters } = given("page-config");

export class RoulettePage extends LitElement {
  static properties = { topics: { state: true }, asking: { state: true } };

  constructor() {
    super();
    this.topics = "";
    /** @type {"" | "block" | "report"} the action that must be confirmed */
    this.asking = "";
    const openTalk = (/** @type {string} */ room) => openRoom(room, new Unread());
    this.pairing = new Pairing({ socket, openRoom: openTalk, check: checkConnection, storage: tab });
    this.pairing.onChange(() => this.requestUpdate());
    /** @type {string} */
    this.shown = "idle";
  }

  createRenderRoot() {
    return this;
  }

  connectedCallback() {
    super.connectedCallback();
    addEventListener("pagehide", () => this.pairing.goAway());
    this.pairing.comeBack();
  }

  updated() {
    const { phase } = this.pairing;
    const dialog = /** @type {HTMLDialogElement | null} */ (this.querySelector("dialog"));
    if (this.asking && dialog && !dialog.open) dialog.showModal();
    if (phase === this.shown) return;
    this.shown = phase;
    if (phase === "ended") /** @type {HTMLElement | null} */ (this.querySelector("[data-next]"))?.focus();
    if (phase === "talking") this.#talkReady();
  }

  render() {
    const { phase } = this.pairing;
    if (phase === "talking" || phase === "ended") return this.#talk();
    return html`<div class="roulette__start">${phase === "waiting" ? this.#waiting() : this.#invitation()}</div>`;
  }

  #invitation() {
    const { phase, trouble } = this.pairing;
    const checking = phase === "checking";
    return html`<form class="form" @submit=${this.#start}>
      <h2>Talk with one person you did not choose</h2>
      <p class="muted">You are paired with somebody else who is waiting. Either of you may go on at any time.</p>
      <div class="field">
        <label for="topics">Topics (optional)</label>
        <input id="topics" name="topics" autocomplete="off" aria-describedby="topics-hint" .value=${this.topics}
          @input=${(/** @type {InputEvent} */ event) => (this.topics = /** @type {any} */ (event.target).value)} />
        <span class="field__hint" id="topics-hint"
          >Up to ${MOST_TOPICS}, with commas between. Who shares one with you comes first.</span
        >
      </div>
      ${trouble ? html`<p class="field__error" role="alert">${trouble}</p>` : nothing}
      <div class="row">
        <button class="button button--primary button--large" type="submit" ?disabled=${checking}>Start</button>
        ${checking
          ? html`<span class="muted" role="status">Checking the connection…</span>
              <button class="button" type="button" @click=${() => this.pairing.stop()}>Stop</button>`
          : nothing}
      </div>
    </form>`;
  }

  #waiting() {
    const { position, waiting, tags, roundTrip, trouble } = this.pairing;
    const alone = waiting <= 1;
    return html`<div class="form">
      <h2>Looking for somebody…</h2>
      <p role="status">
        ${waiting === 0
          ? "One moment."
          : alone
            ? "Nobody else is waiting yet. Stay here, or check back later."
            : html`You are number <b class="number">${position}</b> of <b class="number">${waiting}</b> waiting.`}
      </p>
      <p class="muted small">
        ${tags.length ? `Topics: ${tags.join(", ")}. ` : ""}${roundTrip === null
          ? nothing
          : `The connection is good (${Math.round(roundTrip)} ms there and back).`}
      </p>
      ${trouble ? html`<p class="field__error" role="alert">${trouble}</p>` : nothing}
      <button class="button button--large" type="button" @click=${() => this.pairing.stop()}>Stop</button>
    </div>`;
  }

  #talk() {
    const { phase, partner, roomState, word, trouble } = this.pairing;
    const over = phase === "ended";
    return html`<div class="roulette__bar">
        <p class="roulette__partner">
          ${partner ? html`${avatar(partner, true)} <b>${partner.name}</b> ${guestBadge(partner)}` : nothing}
        </p>
        <div class="row">
          <button class="button button--primary" type="button" data-next @click=${() => this.pairing.next()}>Next</button>
          <button class="button" type="button" @click=${() => this.pairing.stop()}>Stop</button>
          <button class="link-button roulette__quiet" type="button" @click=${() => (this.asking = "block")}>Block</button>
          <button class="link-button roulette__quiet" type="button" @click=${() => (this.asking = "report")}>Report</button>
        </div>
      </div>
      ${trouble ? html`<p class="notice notice--error roulette__trouble" role="alert">${trouble}</p>` : nothing}
      <div class="visually-hidden" role="status">
        ${over ? word : partner ? `You are talking with ${partner.name}.` : ""}
      </div>
      <room-talk
        class="talk"
        .roomState=${roomState}
        .label=${`Message ${partner?.name ?? ""}`}
        .limit=${bodyCharacters}
        .canAmend=${false}
        .readOnly=${over ? `${word} Press Next to meet somebody else, or Stop to leave.` : ""}
      ></room-talk>
      ${this.asking ? this.#question(/** @type {User} */ (partner)) : nothing}`;
  }

  #question(/** @type {User} */ partner) {
    const report = this.asking === "report";
    return html`<dialog class="dialog" aria-labelledby="question-title" @close=${this.#answered}>
      <h2 id="question-title">${report ? "Report" : "Block"} ${partner?.name}?</h2>
      <form method="dialog">
        ${report
          ? html`<div class="field">
                <label for="reason">What happened?</label>
                <textarea id="reason" name="reason" rows="3" maxlength="500"></textarea>
              </div>
              <p class="muted small">The admin of this server gets your words and what was said in this talk.</p>`
          : html`<p class="muted">The talk ends, and you two will never be paired again.</p>`}
        <div class="dialog__actions">
          <button class="button" value="">Cancel</button>
          <button class="button button--danger" value="yes">${report ? "Report and leave" : "Block and leave"}</button>
        </div>
      </form>
    </dialog>`;
  }

  #answered(/** @type {Event} */ event) {
    const dialog = /** @type {HTMLDialogElement} */ (event.target);
    const { asking, pairing } = this;
    const reason = dialog.querySelector("textarea")?.value.trim() ?? "";
    this.asking = "";
    if (dialog.returnValue !== "yes" || !pairing.roomState) return;
    if (asking === "report") pairing.report(reason);
    else pairing.block();
  }

  #start(/** @type {SubmitEvent} */ event) {
    event.preventDefault();
    this.pairing.start(readTopics(this.topics));
  }

  async #talkReady() {
    const talk = /** @type {import("chat/rooms/room-talk.js").RoomTalk | null} */ (this.querySelector("room-talk"));
    await talk?.updateComplete;
    if (matchMedia("(hover: hover)").matches) talk?.composer?.focusField();
  }
}

customElements.define("roulette-page", RoulettePage);

const page = /** @type {RoulettePage | null} */ (document.querySelector("roulette-page"));
/** @type {import("chat/rooms/connection-line.js").ConnectionLine | null} */
const line = document.querySelector("connection-line");
if (line && page) {
  line.socket = socket;
  page.pairing.onChange(() => (line.roomState = page.pairing.phase === "talking" ? page.pairing.roomState : null));
}
shortcut("n", "Next partner", () => page?.pairing.roomState && page.pairing.next());
