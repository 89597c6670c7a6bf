import { html, LitElement, nothing } from "lit";
import { ask } from "web/page.js";
import { addressOf } from "../page/room-links.js";
import { sentence } from "../rooms/trouble.js";
import { comesBack } from "../rooms/line-words.js";
import { inOrder } from "./order.js";
import { avatar, guestBadge } from "../log/message-view.js";

/**
 * Who is in the room now.
 *
 * @typedef {import("../rooms/room-state.js").RoomState} RoomState
 * @typedef {import("realtime/people.js").User} User
 */

/** More people than this are shown as a number. */
const MOST = 100;

export class RoomPeople extends LitElement {
  static properties = { roomState: { attribute: false }, direct: { attribute: false }, problem: { state: true } };

  constructor() {
    super();
    /** @type {RoomState | null} */
    this.roomState = null;
    this.direct = false;
    this.problem = "";
    this.end = () => {};
  }

  createRenderRoot() {
    return this;
  }

  /** @param {Map<string, unknown>} changed */
  willUpdate(changed) {
    if (!changed.has("roomState") || !this.roomState) return;
    this.end();
    this.end = this.roomState.onChange(() => this.requestUpdate());
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.end();
  }

  render() {
    const { roomState } = this;
    if (!roomState) return null;
    const { online, count, me } = roomState;
    // Without a connection the list is unknown; the last known people would be a guess.
    const known = roomState.phase === "here";
    const people = inOrder(online, me.id);
    return html`
      <h2 class="overline">Here now${known ? ` · ${count}` : ""}</h2>
      ${known
        ? html`<ul class="people">
            ${people.slice(0, MOST).map((user) => this.#person(user, user.id === me.id))}
          </ul>`
        : html`<p class="muted small">${comesBack(roomState) ? "Shown when the connection is back." : "Not shown: you are not in this room now."}</p>`}
      ${this.problem ? html`<p class="field__error" role="alert">${this.problem}</p>` : nothing}
      ${known && count > MOST ? html`<p class="muted small">and ${count - MOST} more</p>` : nothing}
    `;
  }

  /** Open the direct room with somebody. */
  async #write(/** @type {User} */ user) {
    try {
      const { room } = await ask("POST", "/api/direct/", { people: [user.id] });
      location.assign(addressOf(room.slug));
    } catch (error) {
      this.problem = sentence(error);
    }
  }

  #person(/** @type {User} */ user, /** @type {boolean} */ isMe) {
    return html`<li class="person">
      ${avatar(user, true)} <span class="person__name" dir="auto" translate="no">${user.name}${isMe ? " (you)" : ""}</span> ${guestBadge(user)}
      ${isMe || user.guest || this.roomState?.me.guest || this.direct
        ? nothing
        : html`<button class="link-button small spread" type="button" aria-label="Message ${user.name}" @click=${() => this.#write(user)}>Message</button>`}
    </li>`;
  }
}

customElements.define("room-people", RoomPeople);
