import { html, LitElement, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { messageView, pendingView } from "./message-view.js";
import { rows } from "./rows.js";
import { Scroll } from "./scroll.js";

/**
 * The messages of a room: history upwards, newest below, which stays in view while the reader is there.
 *
 * @typedef {import("./session.js").RoomSession} RoomSession
 * @typedef {import("./message-view.js").View} View
 */

/** A page that stays open for weeks lets old messages go; they can be read again. */
const KEEP = 300;
const TOO_MANY = 600;
/** New messages this close together are announced as a number. */
const BURST_MS = 2000;

export class RoomLogView extends LitElement {
  static properties = {
    session: { attribute: false },
    canWrite: { attribute: false },
    canAmend: { attribute: false },
    revision: { state: true },
    palette: { state: true },
    olderFailed: { state: true },
    announcement: { state: true },
    quiet: { state: true },
  };

  constructor() {
    super();
    /** @type {RoomSession | null} */
    this.session = null;
    this.canWrite = true;
    this.canAmend = true;
    this.revision = 0;
    /** @type {number | null} the message whose emoji are open */
    this.palette = null;
    this.olderFailed = "";
    this.announcement = "";
    this.quiet = true;
    this.current = "";
    this.place = new Scroll();
    /** @type {number | null} the newest message the reader had below the eyes when last at the end */
    this.seen = null;
    this.newestTold = 0;
    this.toldAt = 0;
    this.burst = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.announcing = undefined;
    this.begun = false;
    /** @type {(() => void)[]} */
    this.endings = [];
  }

  createRenderRoot() {
    return this;
  }

  /** At most once a frame, however many messages come; a hidden page has no frames. */
  async scheduleUpdate() {
    await new Promise((go) => (document.hidden ? setTimeout(go, 200) : requestAnimationFrame(go)));
    super.scheduleUpdate();
  }

  /** @param {Map<string, unknown>} changed */
  willUpdate(changed) {
    if (changed.has("session") && this.session) {
      for (const end of this.endings) end();
      this.begun = false;
      this.endings = [this.session.onChange(() => (this.revision += 1))];
    }
    this.place.remember();
    this.#hearNew();
  }

  firstUpdated() {
    const scroller = /** @type {HTMLElement} */ (this.querySelector(".log"));
    this.place.watch(scroller, () => this.#scrolled());
    document.addEventListener("visibilitychange", this.#looked);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.place.stop();
    document.removeEventListener("visibilitychange", this.#looked);
    for (const end of this.endings) end();
  }

  updated() {
    const { session } = this;
    if (!session) return;
    if (!this.begun && session.log.complete) {
      this.begun = true;
      this.place.begin(this.querySelector("[data-key='line']"));
    } else {
      this.place.restore();
    }
    if (this.place.atEnd && session.log.messages.length > TOO_MANY) {
      session.log.trim(KEEP);
      this.revision += 1;
    }
    if (this.begun) this.#scrolled();
  }

  render() {
    const { session } = this;
    if (!session) return null;
    const { log } = session;
    const list = rows({
      messages: log.messages,
      notes: log.notes,
      entries: this.#entries(),
      me: session.me.id,
      line: session.line,
      now: Date.now(),
    });
    const keys = list.filter(({ kind }) => kind === "message" || kind === "pending").map(({ key }) => key);
    if (!keys.includes(this.current)) this.current = keys.at(-1) ?? "";
    const view = this.#view();
    const below = this.#below();
    return html`
      <div class="log" role="log" aria-label="Messages" ?data-away=${session.phase !== "here"} aria-live=${this.quiet ? "off" : "polite"}
        aria-relevant="additions" aria-busy=${!log.complete} @keydown=${this.#onKey} @focusin=${this.#onFocus}>
        <div class="log__start">${this.#start()}</div>
        ${repeat(list, ({ key }) => key, (row) => this.#row(row, view))}
      </div>
      ${this.place.atEnd
        ? nothing
        : html`<button class="jump" type="button" @click=${() => this.toEnd()}>
            ↓ ${below ? `${below} new` : "Newest"}
          </button>`}
      <div class="visually-hidden" role="status">${this.announcement}</div>
    `;
  }

  /** Show the newest message, and stay there. */
  toEnd() {
    this.place.toEnd();
    this.revision += 1;
  }

  /** Show message `seq`, reading back for it if need be. */
  async show(/** @type {number} */ seq) {
    const { session } = this;
    if (!session) return;
    for (let page = 0; page < 20 && !session.log.at(seq) && session.log.hasOlder; page += 1) {
      await this.#older();
      if (this.olderFailed) return;
    }
    await this.updateComplete;
    const found = /** @type {HTMLElement | null} */ (this.querySelector(`[data-seq="${seq}"]`));
    if (!found) return;
    this.place.to(found);
    found.focus({ preventScroll: true });
  }

  #entries() {
    const { session } = this;
    return session ? session.entries.filter((entry) => entry.state !== "sent" || !session.log.at(entry.seq ?? 0)) : [];
  }

  /** @returns {View & {live: boolean}} */
  #view() {
    const session = /** @type {RoomSession} */ (this.session);
    const people = new Map(session.log.messages.map(({ sender }) => [sender.id, sender.name]));
    for (const { id, name } of session.online) people.set(id, name);
    return {
      me: session.me,
      canWrite: this.canWrite,
      canAmend: this.canAmend,
      palette: this.palette,
      current: this.current,
      live: session.phase === "here",
      person: (id) => (id === session.me.id ? "you" : (people.get(id) ?? "somebody")),
      quoted: (seq) => session.log.at(seq),
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

  /** @param {import("./rows.js").Row} row @param {View & {live: boolean}} view */
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
    const { log, loadingOlder } = /** @type {RoomSession} */ (this.session);
    if (!log.complete) return nothing;
    if (this.olderFailed) {
      return html`<span>${this.olderFailed}</span>
        <button class="button" type="button" @click=${() => this.#older()}>Try again</button>`;
    }
    if (loadingOlder) return html`<span class="muted">Reading earlier messages…</span>`;
    if (log.hasOlder) {
      return html`<button class="button" type="button" @click=${() => this.#older()}>Earlier messages</button>`;
    }
    return log.messages.length
      ? html`<span class="muted">This is where it began.</span>`
      : html`<span class="muted">Nothing has been said here yet. Say the first thing.</span>`;
  }

  /** How many messages have come below what the reader saw last. */
  #below() {
    const { messages } = /** @type {RoomSession} */ (this.session).log;
    const seen = this.seen ?? Infinity;
    return messages.filter(({ seq }) => seq > seen).length;
  }

  async #older() {
    this.olderFailed = "";
    try {
      await this.session?.loadOlder();
    } catch {
      this.olderFailed = "Earlier messages could not be read.";
    }
  }

  #looked = () => {
    if (document.visibilityState === "hidden") this.session?.markAway();
    else this.#scrolled();
  };

  #scrolled() {
    const { session, place } = this;
    if (!session || !this.begun) return;
    if (place.atEnd) this.seen = session.log.head;
    if (place.turned()) this.revision += 1;
    if (place.nearStart && session.log.hasOlder && !session.loadingOlder && !this.olderFailed) this.#older();
    if (document.visibilityState === "hidden") return;
    const seq = place.lastSeen();
    if (seq) session.markRead(seq);
  }

  /** Announce single messages as they are, many at once as a number, and history not at all. */
  #hearNew() {
    const { session } = this;
    const head = session?.log.newest?.seq ?? 0;
    if (!session || head <= this.newestTold) return;
    const fresh = this.begun ? session.log.messages.filter(({ seq, sender }) => {
      return seq > this.newestTold && sender.id !== session.me.id;
    }).length : 0;
    this.newestTold = head;
    if (!fresh) return;
    const now = Date.now();
    const crowded = fresh > 1 || now - this.toldAt < BURST_MS;
    this.toldAt = now;
    this.quiet = crowded;
    if (!crowded) return;
    this.burst += fresh;
    clearTimeout(this.announcing);
    this.announcing = setTimeout(() => {
      this.announcement = `${this.burst} new messages`;
      this.burst = 0;
      this.quiet = false;
    }, BURST_MS);
  }

  /** Arrow keys go from message to message; Tab goes on to the actions of the current one. */
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
