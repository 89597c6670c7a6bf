/** Renders one message. Only `html`, which the server has sanitised, becomes markup. */
import { html, nothing, svg } from "lit";
import { unsafeHTML } from "lit/directives/unsafe-html.js";
import { hue, initials } from "realtime/people.js";
import { clockTime, wholeTime } from "web/time.js";
import { alertCard } from "./alert-card.js";

/**
 * @typedef {import("realtime/people.js").User} User
 * @typedef {import("./log.js").Message} Message
 * @typedef {import("../outbox/outbox.js").Entry} Entry
 * @typedef {{me: User, canWrite: boolean, canAmend: boolean, palette: number | null, current: string,
 *   person: (id: number) => string, quote: (seq: number) => import("./log.js").Quote | undefined,
 *   act: (action: string, subject: any) => void}} View
 */

const PALETTE = ["👍", "❤️", "😂", "🎉", "👀", "✅"];

const NAMES = /** @type {Record<string, string>} */ ({
  "👍": "thumbs up",
  "❤️": "heart",
  "😂": "laughing",
  "🎉": "party",
  "👀": "eyes",
  "✅": "done",
});

const path = (/** @type {string} */ d) => svg`<path d=${d} />`;
const SMILE = path("M2 8a6 6 0 1 0 12 0A6 6 0 1 0 2 8zM5.5 9.5c1.2 1.8 3.8 1.8 5 0M6 6.2v.1M10 6.2v.1");
const ARROW = path("M6.5 4 3 7.5 6.5 11M3 7.5h6.5A3.5 3.5 0 0 1 13 11v1");
const PEN = path("M3 13l.6-2.7L10.8 3 13 5.2l-7.2 7.2zM9.3 4.5l2.2 2.2");
const BIN = path("M3 4.5h10M6.5 4.5V3h3v1.5M4.3 4.5l.6 8.5h6.2l.6-8.5M6.8 7v3.7M9.2 7v3.7");

export const guestBadge = (/** @type {User} */ user) =>
  user.guest ? html`<span class="badge">guest</span>` : nothing;

export const avatar = (/** @type {User} */ user, small = false) =>
  html`<span class="avatar ${small ? "avatar--small" : ""}" data-hue=${hue(user.id)} aria-hidden="true"
    >${initials(user.name)}</span
  >`;

const timeOf = (/** @type {string | number} */ at) =>
  html`<time datetime=${new Date(at).toISOString()} title=${wholeTime(at)} translate="no">${clockTime(at)}</time>`;

/** @param {Message} message @param {boolean} first @param {string} key @param {View} view */
export function messageView(message, first, key, view) {
  const mine = message.sender.id === view.me.id;
  const alert = message.kind === "alert";
  return html`<article
    class="message ${first ? "message--first" : ""} ${alert ? "message--alert" : ""}"
    data-key=${key}
    data-seq=${message.seq}
    tabindex=${view.current === key ? 0 : -1}
    aria-live=${mine ? "off" : nothing}
  >
    ${alert
      ? html`<span class="avatar" data-hue="alert" aria-hidden="true">!</span>`
      : first
        ? avatar(message.sender)
        : html`<span class="message__gutter" aria-hidden="true" translate="no">${clockTime(message.at)}</span>`}
    <div class="message__main">
      ${first
        ? html`<div class="message__head">
            <b class="message__sender" dir="auto" translate="no">${message.sender.name}</b> ${guestBadge(message.sender)} ${timeOf(message.at)}
          </div>`
        : html`<span class="visually-hidden">${message.sender.name}, ${clockTime(message.at)}:</span>`}
      ${message.reply_to === null ? nothing : quoteView(message.reply_to, message.quote, view)}
      ${message.deleted
        ? html`<p class="message__gone">This message was deleted.</p>`
        : message.alert
          ? alertCard(message.alert, { ...view, acknowledge: () => view.act("acknowledge", message) })
          : html`<div class="message__body" dir="auto">${unsafeHTML(message.html)}</div>`}
      ${message.edited_at && !message.deleted
        ? html`<span class="message__edited" title=${wholeTime(message.edited_at)}>edited</span>`
        : nothing}
      ${reactions(message, view)}
    </div>
    ${message.deleted || !view.canWrite ? nothing : tools(message, mine, view)}
  </article>`;
}

/** @param {number} seq @param {import("./log.js").Quote | undefined} quote @param {View} view */
function quoteView(seq, quote, view) {
  const text = quote ? (quote.deleted ? "a deleted message" : quote.text) : "an earlier message";
  return html`<button class="message__quote" type="button" @click=${() => view.act("jump", seq)}>
    <span class="visually-hidden">In reply to</span> ${quote
      ? html`<b dir="auto" translate="no">${quote.sender.name}</b>`
      : nothing}
    <span dir="auto">${text}</span>
  </button>`;
}

/** @param {Message} message @param {View} view */
function reactions(message, view) {
  const all = Object.entries(message.reactions);
  if (!all.length) return nothing;
  return html`<div class="reactions">
    ${all.map(([emoji, ids]) => {
      const on = ids.includes(view.me.id);
      const who = ids.map(view.person).join(", ");
      return html`<button
        class="reaction"
        type="button"
        aria-pressed=${on}
        aria-label="${NAMES[emoji] ?? emoji}: ${who}"
        title=${who}
        ?disabled=${!view.canWrite}
        @click=${() => view.act("react", { seq: message.seq, emoji, on: !on })}
      >
        <span aria-hidden="true">${emoji}</span> <span translate="no">${ids.length}</span>
      </button>`;
    })}
  </div>`;
}

/** @param {Message} message @param {boolean} mine @param {View} view */
function tools(message, mine, view) {
  const open = view.palette === message.seq;
  const { seq } = message;
  return html`<div class="message__tools" role="group" aria-label="Message actions">
    ${open
      ? PALETTE.map((emoji) => {
          const on = !(message.reactions[emoji] ?? []).includes(view.me.id);
          const press = () => view.act("react", { seq, emoji, on });
          return html`<button class="icon-button" type="button" aria-label=${NAMES[emoji]} @click=${press}>
            ${emoji}
          </button>`;
        })
      : nothing}
    ${tool("React", SMILE, () => view.act("palette", open ? null : seq), open)}
    ${tool("Reply", ARROW, () => view.act("reply", message))}
    ${mine && view.canAmend ? tool("Edit", PEN, () => view.act("edit", message)) : nothing}
    ${mine && view.canAmend ? tool("Delete", BIN, () => view.act("delete", message)) : nothing}
  </div>`;
}

/** @param {string} name @param {unknown} icon @param {() => void} press @param {boolean} [expanded] */
const tool = (name, icon, press, expanded) =>
  html`<button
    class="icon-button"
    type="button"
    aria-label=${name}
    title=${name}
    aria-expanded=${expanded ?? nothing}
    @click=${press}
  >
    <svg width="16" height="16" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.4"
      stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${icon}</svg>
  </button>`;

/** @param {Entry} entry @param {boolean} first @param {string} key @param {View & {pending: string}} view */
export function pendingView(entry, first, key, view) {
  return html`<article
    class="message message--pending ${first ? "message--first" : ""}"
    data-key=${key}
    data-state=${entry.state}
    tabindex=${view.current === key ? 0 : -1}
    aria-live="off"
  >
    ${first ? avatar(view.me) : html`<span class="message__gutter" aria-hidden="true"></span>`}
    <div class="message__main">
      ${first
        ? html`<div class="message__head">
            <b class="message__sender" dir="auto" translate="no">${view.me.name}</b> ${guestBadge(view.me)} ${timeOf(entry.at)}
          </div>`
        : nothing}
      ${entry.replyTo === null ? nothing : quoteView(entry.replyTo, view.quote(entry.replyTo), view)}
      <p class="message__body message__body--plain" dir="auto">${entry.body}</p>
      ${pendingState(entry, view)}
    </div>
  </article>`;
}

/** @param {Entry} entry @param {View & {pending: string}} view */
function pendingState(entry, view) {
  if (entry.state === "sent") return nothing;
  if (entry.state !== "failed") {
    const text = entry.reason || view.pending;
    return html`<span class="message__state">${text}</span>`;
  }
  return html`<div class="message__state message__state--failed" role="alert">
    <span>Not sent. ${entry.reason}</span>
    <button class="link-button" type="button" @click=${() => view.act("retry", entry.id)}>Retry</button>
    <button class="link-button" type="button" @click=${() => view.act("discard", entry.id)}>Discard</button>
  </div>`;
}
