import { html, LitElement, nothing } from "lit";
import { ask } from "web/page.js";
import { avatar } from "../log/message-view.js";

/**
 * The members of a members-only room. The owner adds people by name and removes them; the others may leave.
 *
 * @typedef {import("realtime/people.js").User} User
 */

export class RoomMembers extends LitElement {
  static properties = {
    room: { attribute: false },
    me: { attribute: false },
    members: { attribute: false },
    trouble: { state: true },
    told: { state: true },
    busy: { state: true },
  };

  constructor() {
    super();
    /** @type {{slug: string, name: string, owner: number | null} | null} */
    this.room = null;
    this.me = 0; // one's own id
    /** @type {User[]} */
    this.members = [];
    this.trouble = "";
    this.told = "";
    this.busy = false;
  }

  createRenderRoot() {
    return this;
  }

  get isOwner() {
    return this.room?.owner === this.me;
  }

  get #address() {
    return `/api/rooms/${this.room?.slug}/members/`;
  }

  render() {
    if (!this.room) return nothing;
    return html`
      <h2 class="overline">Members · ${this.members.length}</h2>
      <ul class="people">
        ${this.members.map((user) => this.#member(user))}
      </ul>
      ${this.isOwner ? this.#form() : this.#door()}
      <p class="visually-hidden" role="status">${this.told}</p>
    `;
  }

  #member(/** @type {User} */ user) {
    const isOwner = user.id === this.room?.owner;
    return html`<li class="person">
      ${avatar(user, true)} <span class="person__name" dir="auto" translate="no">${user.name}</span>
      ${isOwner ? html`<span class="badge">owner</span>` : nothing}
      ${this.isOwner && !isOwner
        ? html`<button
            class="link-button small spread"
            type="button"
            aria-label="Remove ${user.name}"
            ?disabled=${this.busy}
            @click=${() => this.#remove(user)}
          >
            Remove
          </button>`
        : nothing}
    </li>`;
  }

  #form() {
    return html`<form class="members__form" @submit=${this.#add}>
      <div class="field">
        <label for="member-name">Add somebody by name</label>
        <input id="member-name" name="name" required maxlength="64" autocomplete="off" aria-describedby="member-trouble"
          aria-invalid=${Boolean(this.trouble)} />
        <span class="field__error" id="member-trouble" role="alert" ?hidden=${!this.trouble}>${this.trouble}</span>
      </div>
      <button class="button" type="submit" ?disabled=${this.busy}>Add</button>
    </form>`;
  }

  #door() {
    if (!this.members.some(({ id }) => id === this.me)) return nothing;
    return html`<button class="button members__leave" type="button" @click=${this.#ask}>Leave this room</button>
      <dialog class="dialog" aria-labelledby="leaving-title" @close=${this.#decided}>
        <h2 id="leaving-title">Leave # ${this.room?.name}?</h2>
        <p class="muted small">Only its owner can let you in again. What you wrote stays.</p>
        <form method="dialog" class="dialog__actions">
          <button class="button" value="stay">Stay</button>
          <button class="button button--danger" value="leave">Leave</button>
        </form>
      </dialog>
      <span class="field__error" role="alert" ?hidden=${!this.trouble}>${this.trouble}</span>`;
  }

  #ask() {
    this.querySelector("dialog")?.showModal();
  }

  #decided(/** @type {Event} */ event) {
    const dialog = /** @type {HTMLDialogElement} */ (event.target);
    if (dialog.returnValue !== "leave") return;
    dialog.returnValue = "";
    this.#attempt(async () => {
      await ask("DELETE", `${this.#address}${this.me}/`);
      location.assign("/");
    });
  }

  #add(/** @type {SubmitEvent} */ event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const field = /** @type {HTMLInputElement} */ (form.elements.namedItem("name"));
    this.#attempt(async () => {
      const { user } = await ask("POST", this.#address, { name: field.value.trim() });
      this.members = [...this.members.filter(({ id }) => id !== user.id), user];
      this.told = `${user.name} is a member now.`;
      field.value = "";
    });
  }

  #remove(/** @type {User} */ user) {
    this.#attempt(async () => {
      await ask("DELETE", `${this.#address}${user.id}/`);
      this.members = this.members.filter(({ id }) => id !== user.id);
      this.told = `${user.name} was removed.`;
    });
  }

  async #attempt(/** @type {() => Promise<void>} */ act) {
    this.busy = true;
    this.trouble = "";
    try {
      await act();
    } catch (error) {
      this.trouble =
        error instanceof TypeError ? "The server cannot be reached. Try again." : /** @type {Error} */ (error).message;
    }
    this.busy = false;
  }
}

customElements.define("room-members", RoomMembers);
