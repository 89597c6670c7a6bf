import { html, LitElement, nothing } from "lit";
import { keyed } from "lit/directives/keyed.js";
import { repeat } from "lit/directives/repeat.js";
import { Announcer } from "./announcer.js";
import { pendingWords } from "../rooms/line-words.js";
import { messageView, pendingView } from "./message-view.js";
import { onNewDay } from "./new-day.js";
import { rows } from "./rows.js";
import { Scroll } from "./scroll.js";

/**
 * The messages of a room, the newest at the bottom. New ones scroll into view while the reader is at the bottom.
 *
 * @typedef {import("../rooms/room-state.js").RoomState} RoomState
 * @typedef {import("./message-view.js").View} View
 */

/** The most messages on a page that stays open for weeks; older ones are dropped and can be read again. */
const KEEP = 300;
const TOO_MANY = 600;

export class RoomLogView extends LitElement {
  static properties = {
    roomState: { attribute: false },
    canWrite: { attribute: false },
    canAmend: { attribute: false },
    revision: { state: true },
    palette: { state: true },
    failed: { state: true },
  };

  constructor() {
    super();
    /** @type {RoomState | null} */
    this.roomState = null;
    this.canWrite = true;
    this.canAmend = true;
    this.revision = 0;
    /** @type {number | null} the message whose emoji are open */
    this.palette = null;
    /** @type {"" | "older" | "newer" | "jump"} what could not be read */
    this.failed = "";
    /** How many jumps are running; meanwhile the scroll position is not restored. */
    this.jumping = 0;
    this.announcer = new Announcer(() => (this.revision += 1));
    this.current = "";
    this.place = new Scroll();
    /** @type {number | null} the newest message on the screen when the reader was last at the end */
    this.seen = null;
    this.begun = false;
    /** True from the first view of a room that was left until it has caught up. */
    this.returning = false;
    this.endDays = () => {};
    /** @type {(() => void)[]} */
    this.endings = [];
  }

  createRenderRoot() {
    return this;
  }

  /** Render at most once a frame, however many messages come. (A hidden page has no frames.) */
  async scheduleUpdate() {
    await new Promise((go) => (document.hidden ? setTimeout(go, 200) : requestAnimationFrame(go)));
    super.scheduleUpdate();
  }

  /** @param {Map<string, unknown>} changed */
  willUpdate(changed) {
    if (changed.has("roomState") && this.roomState) {
      for (const end of this.endings) end();
      Object.assign(this, { begun: false, seen: null, palette: null, failed: "" });
      this.announcer.begin();
      this.endings = [this.roomState.onChange(() => (this.revision += 1))];
    }
    this.place.remember();
    this.place.whole = !this.roomState?.log.hasNewer;
    if (this.roomState) this.announcer.hear(this.roomState.log, this.roomState.me.id, this.begun);
  }

  firstUpdated() {
    const scroller = /** @type {HTMLElement} */ (this.querySelector(".log"));
    this.place.watch(scroller, () => this.#scrolled());
    document.addEventListener("visibilitychange", this.#looked);
    this.endDays = onNewDay(() => (this.revision += 1));
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    if (this.roomState && this.begun) this.roomState.kept.anchor = this.place.anchor;
    this.place.stop();
    this.announcer.stop();
    this.endDays();
    document.removeEventListener("visibilitychange", this.#looked);
    for (const end of this.endings) end();
  }

  updated() {
    const { roomState } = this;
    if (!roomState) return;
    if (!this.begun && roomState.log.complete) {
      this.#begin(roomState);
    } else if (this.returning && roomState.phase === "here" && this.place.atEnd) {
      this.place.begin(this.querySelector("[data-key='line']"));
    } else {
      const { anchor } = this.place;
      // After a long absence the log starts again with the newest messages: go back to where the reader was.
      if (!this.place.restore() && anchor && !this.jumping) this.show(anchor.seq, false);
    }
    if (this.place.atEnd && !roomState.log.hasNewer && roomState.log.messages.length > TOO_MANY) {
      roomState.log.dropOldest(KEEP);
      this.revision += 1;
    }
    if (roomState.phase === "here") this.returning = false;
    if (this.begun) this.#scrolled();
  }

  /** The first view: where the reader was when the room was shown last, else the first new message, else the end. */
  #begin(/** @type {RoomState} */ roomState) {
    const { anchor } = roomState.kept;
    this.begun = true;
    this.returning = roomState.phase !== "here";
    if (anchor) this.place.startAt(anchor);
    if (!anchor) this.place.begin(this.querySelector("[data-key='line']"));
    else if (!this.place.restore()) this.show(anchor.seq, false);
  }

  render() {
    const { roomState } = this;
    if (!roomState) return null;
    const { log } = roomState;
    const list = rows({
      messages: log.messages,
      notes: log.notesShown,
      entries: log.hasNewer ? [] : this.#entries(),
      me: roomState.me.id,
      line: roomState.line,
      now: Date.now(),
    });
    const keys = list.filter(({ kind }) => kind === "message" || kind === "pending").map(({ key }) => key);
    if (!keys.includes(this.current)) this.current = keys.at(-1) ?? "";
    const view = this.#view();
    const below = this.#below();
    return html`
      <div class="log" role="log" aria-label="Messages" ?data-away=${roomState.phase !== "here"}
        aria-live=${this.announcer.quiet || log.hasNewer || roomState.history.loading.size ? "off" : "polite"}
        aria-relevant="additions" aria-busy=${!log.complete} @keydown=${this.#onKey} @focusin=${this.#onFocus}>
        <div class="log__start">${this.#start()}</div>
        ${repeat(list, ({ key }) => key, (row) => this.#row(row, view))}
        ${log.hasNewer ? html`<div class="log__more">${this.#more()}</div>` : nothing}
      </div>
      ${this.place.atEnd && !log.hasNewer
        ? nothing
        : html`<button class="jump" type="button" @click=${() => this.toEnd()}>↓ ${below ? `${below} new` : "Newest"}</button>`}
      ${this.failed === "jump"
        ? html`<p class="log__failed notice notice--warning" role="alert">These messages could not be read. Try again.</p>`
        : nothing}
      <div class="visually-hidden" role="status">
        ${keyed(this.announcer.turn, html`<span>${this.announcer.text}</span>`)}
      </div>
    `;
  }

  /** Show the newest message, and stay there. */
  async toEnd() {
    const { roomState } = this;
    if (roomState?.log.hasNewer && !(await this.#jump(roomState.history.goToNow()))) return;
    this.place.toEnd();
    this.revision += 1;
  }

  /** Show message `seq`, loading the messages around it if necessary, and give it the focus unless told otherwise. */
  async show(/** @type {number} */ seq, focus = true) {
    const { roomState } = this;
    if (!roomState || !(await this.#jump(roomState.history.goTo(seq)))) return;
    const found = /** @type {HTMLElement | null} */ (this.querySelector(`[data-seq="${seq}"]`));
    if (!found) return;
    this.place.to(found);
    if (focus) found.focus({ preventScroll: true });
    this.revision += 1;
  }

  /** Wait until another part of the room is on the screen. Returns whether it is. */
  async #jump(/** @type {Promise<void>} */ going) {
    this.jumping += 1;
    try {
      await going;
      if (this.failed === "jump") this.failed = "";
      await this.updateComplete;
      return true;
    } catch {
      this.failed = "jump";
      return false;
    } finally {
      this.jumping -= 1;
    }
  }

  #entries() {
    const { roomState } = this;
    return roomState ? roomState.entries.filter((entry) => entry.state !== "sent" || !roomState.log.at(entry.seq ?? 0)) : [];
  }

  /** @returns {View & {pending: string}} */
  #view() {
    const roomState = /** @type {RoomState} */ (this.roomState);
    const people = new Map(roomState.log.messages.map(({ sender }) => [sender.id, sender.name]));
    for (const { id, name } of roomState.online) people.set(id, name);
    return {
      me: roomState.me,
      canWrite: this.canWrite,
      canAmend: this.canAmend,
      palette: this.palette,
      current: this.current,
      pending: pendingWords(roomState),
      person: (id) => (id === roomState.me.id ? "you" : (people.get(id) ?? "somebody")),
      quote: (seq) => roomState.history.quote(seq),
      act: (action, subject) => this.#act(action, subject),
    };
  }

  #act(/** @type {string} */ action, /** @type {any} */ subject) {
    if (action === "palette") this.palette = subject;
    else if (action === "jump") this.show(subject);
    else {
      if (action === "react") this.palette = null;
      this.dispatchEvent(new CustomEvent("act", { detail: { action, subject } }));
    }
  }

  /** @param {import("./rows.js").Row} row @param {View & {pending: string}} view */
  #row(row, view) {
    if (row.kind === "message") return messageView(row.message, row.first, row.key, view);
    if (row.kind === "pending") return pendingView(row.entry, row.first, row.key, view);
    if (row.kind === "day") return html`<h3 class="log__day" data-key=${row.key}><span>${row.label}</span></h3>`;
    if (row.kind === "line") {
      return html`<div class="log__line" data-key="line"><span>New since you were here</span></div>`;
    }
    return html`<p class="log__note" data-key=${row.key}>${row.text}</p>`;
  }

  #start() {
    const { log } = /** @type {RoomState} */ (this.roomState);
    if (!log.complete) return nothing;
    if (log.hasOlder) return this.#further("older", "Earlier messages", "Reading earlier messages…");
    return log.messages.length
      ? html`<span class="muted">This is where it began.</span>`
      : html`<span class="muted">Nothing has been said here yet. Say the first thing.</span>`;
  }

  #more() {
    return this.#further("newer", "Later messages", "Reading later messages…");
  }

  /** @param {"older" | "newer"} end @param {string} button @param {string} waiting */
  #further(end, button, waiting) {
    const load = () => this.#load(end);
    if (this.failed === end) {
      return html`<span>${button} could not be read.</span>
        <button class="button" type="button" @click=${load}>Try again</button>`;
    }
    if (this.roomState?.history.loading.has(end)) return html`<span class="muted">${waiting}</span>`;
    return html`<button class="button" type="button" @click=${load}>${button}</button>`;
  }

  /** How many messages have come after the last one that the reader saw. */
  #below() {
    const { log, me } = /** @type {RoomState} */ (this.roomState);
    return this.seen === null ? 0 : log.newerThan(this.seen, me.id);
  }

  async #load(/** @type {"older" | "newer"} */ end) {
    const { roomState } = this;
    if (this.failed === end) this.failed = "";
    try {
      await (end === "older" ? roomState?.history.loadOlder() : roomState?.history.loadNewer());
    } catch {
      this.failed = end;
    }
  }

  #looked = () => {
    if (document.visibilityState === "hidden") this.roomState?.markAway();
    else this.#scrolled();
  };

  #scrolled() {
    const { roomState, place } = this;
    if (!roomState || !this.begun) return;
    const { log, history } = roomState;
    if (!place.atEnd) place.look();
    if (place.atEnd && !log.hasNewer) this.seen = log.head;
    if (place.turned()) this.revision += 1;
    const idle = log.complete && !history.loading.size;
    if (idle && place.nearStart && log.hasOlder && this.failed !== "older") this.#load("older");
    else if (idle && place.nearEnd && log.hasNewer && this.failed !== "newer") this.#load("newer");
    if (document.visibilityState === "hidden" || this.returning) return;
    const seq = place.lastSeen();
    if (seq) roomState.markRead(seq);
  }

  /** Arrow keys move from message to message; Tab moves to the actions of the current one. */
  #onKey(/** @type {KeyboardEvent} */ event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.key === "Escape" && this.palette !== null) this.palette = null;
    if (!step || !target.matches(".message")) return;
    const all = /** @type {HTMLElement[]} */ ([...this.querySelectorAll(".message")]);
    const next = all[all.indexOf(target) + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  #onFocus(/** @type {FocusEvent} */ event) {
    const message = /** @type {HTMLElement} */ (event.target).closest(".message");
    const key = message instanceof HTMLElement ? (message.dataset.key ?? "") : "";
    if (!key || key === this.current) return;
    this.current = key;
    this.revision += 1;
  }
}

customElements.define("room-log", RoomLogView);
