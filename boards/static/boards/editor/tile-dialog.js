/** The dialogs of an editor: a tile's type, streams and options; a board's title and time zone. */
import { html, LitElement, nothing } from "lit";
import { asType, checkZone, namesOf, newTile, readForm, shownIn, TYPES } from "./tile-fields.js";

/**
 * @typedef {import("../state/board-state.js").Widget} Widget
 * @typedef {import("./layout-editor.js").LayoutEditor} LayoutEditor
 * @typedef {import("./tile-fields.js").Field} Field
 * @typedef {import("./tile-fields.js").Offered} Offered
 */

export class TileDialog extends LitElement {
  static properties = {
    editor: { attribute: false },
    offered: { attribute: false },
    rooms: { attribute: false },
    asked: { state: true },
    wrong: { state: true },
  };

  constructor() {
    super();
    /** @type {LayoutEditor | null} */
    this.editor = null;
    /** @type {Offered[]} */
    this.offered = [];
    /** @type {string[]} */
    this.rooms = [];
    /** The tile in the form, or "board" for the board itself. @type {Widget | "board" | null} */
    this.asked = null;
    this.wrong = "";
  }

  createRenderRoot() {
    return this;
  }

  /** Ask for a new tile. */
  add() {
    this.wrong = "";
    this.asked = newTile("number");
  }

  /** Ask for the settings of a tile. */
  configure(/** @type {Widget} */ widget) {
    this.wrong = "";
    this.asked = widget;
  }

  /** Ask for the board's title and time zone. */
  configureBoard() {
    this.wrong = "";
    this.asked = "board";
  }

  updated() {
    const dialog = this.querySelector("dialog");
    if (this.asked && dialog && !dialog.open) dialog.showModal();
  }

  #closed() {
    this.asked = null;
  }

  #submit(/** @type {SubmitEvent} */ event) {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
    try {
      if (this.asked === "board") this.#saveBoard(form);
      else if (this.asked) this.editor?.put(readForm(this.asked, form));
      this.querySelector("dialog")?.close();
    } catch (error) {
      this.wrong = error instanceof Error ? error.message : String(error);
    }
  }

  #saveBoard(/** @type {FormData} */ form) {
    const title = String(form.get("title")).trim();
    if (!title) throw new Error("Give the board a title.");
    const zone = String(form.get("zone")).trim();
    checkZone(zone);
    this.editor?.change({ title, zone }, "Board changed");
  }

  render() {
    const { asked } = this;
    if (!asked) return nothing;
    const heading = asked === "board" ? "Board" : asked.id ? "Tile" : "Add a tile";
    return html`<dialog class="dialog" aria-labelledby="tile-dialog-title" @close=${this.#closed}>
      <h2 id="tile-dialog-title">${heading}</h2>
      <form class="tile-form" @submit=${this.#submit}>
        ${asked === "board" ? this.#board() : this.#tile(asked)}
        <p class="field__error" role="alert">${this.wrong}</p>
        <div class="dialog__actions">
          <button class="button" type="button" @click=${() => this.querySelector("dialog")?.close()}>Cancel</button>
          <button class="button button--primary">${asked === "board" || asked.id ? "Save" : "Add"}</button>
        </div>
      </form>
      <datalist id="zones">${Intl.supportedValuesOf("timeZone").map((zone) => html`<option value=${zone}></option>`)}</datalist>
      <datalist id="rooms">${this.rooms.map((room) => html`<option value=${room}></option>`)}</datalist>
    </dialog>`;
  }

  #board() {
    const { title, zone } = this.editor?.layout ?? { title: "", zone: "" };
    return html`${this.#text("title", "Title", title, { required: true })}
    ${this.#text("zone", "Time zone", zone, { list: "zones", hint: "Of all times on it, such as Europe/Oslo. Empty: the screen's." })}`;
  }

  #tile(/** @type {Widget} */ widget) {
    const type = TYPES[widget.type];
    return html`<div class="field">
        <label for="tile-type">Shows</label>
        <select id="tile-type" .value=${widget.type} @change=${(/** @type {any} */ { target }) => (this.asked = asType(widget, target.value, this.offered))}>
          ${Object.entries(TYPES).map(([name, { label }]) => html`<option value=${name} ?selected=${name === widget.type}>${label}</option>`)}
        </select>
      </div>
      ${type.kinds.length ? this.#streams(widget) : nothing} ${this.#text("title", "Title", widget.title, { hint: "Empty: the labels of what it shows." })}
      <div class="tile-form__fields">
        ${this.#number("width", "Width, of 12 columns", widget.width, 2, 12)} ${this.#number("height", "Height, in rows", widget.height, 1, 6)}
        ${type.fields.map((field) => this.#field(field, widget.options))}
      </div>`;
  }

  #streams(/** @type {Widget} */ widget) {
    const { kinds, many, needs } = TYPES[widget.type];
    const fitting = namesOf(this.offered.filter(({ kind }) => kinds.includes(kind)));
    if (!fitting.length && needs) return html`<p class="field__hint">There is no stream of the kind ${kinds.join(" or ")} yet.</p>`;
    const take = (/** @type {string[]} */ streams) => (this.asked = { ...widget, streams });
    if (!many) {
      return html`<div class="field">
        <label for="tile-stream">Stream</label>
        <select id="tile-stream" @change=${(/** @type {any} */ { target }) => take(target.value ? [target.value] : [])}>
          <option value="">${needs ? "Choose one" : "none"}</option>
          ${fitting.map(([slug, name]) => html`<option value=${slug} ?selected=${widget.streams[0] === slug}>${name}</option>`)}
        </select>
      </div>`;
    }
    const toggle = (/** @type {string} */ slug, /** @type {boolean} */ on) =>
      take(on ? [...widget.streams, slug] : widget.streams.filter((each) => each !== slug));
    return html`<fieldset class="tile-form__streams">
      <legend class="field__label">Streams</legend>
      ${fitting.map(
        ([slug, name]) => html`<label class="check">
          <input type="checkbox" .checked=${widget.streams.includes(slug)} @change=${(/** @type {any} */ { target }) => toggle(slug, target.checked)} />
          ${name}
        </label>`,
      )}
    </fieldset>`;
  }

  #field(/** @type {Field} */ field, /** @type {Record<string, any>} */ options) {
    const { name, label, hint, input, choices } = field;
    const shown = shownIn(field, options);
    if (input === "check") return html`<label class="check"><input type="checkbox" name=${name} ?checked=${shown} /> ${label}</label>`;
    if (input === "choice") {
      return html`<div class="field">
        <label for=${`tile-${name}`}>${label}</label>
        <select id=${`tile-${name}`} name=${name}>
          ${choices?.map(([value, word]) => html`<option value=${value} ?selected=${value === shown}>${word}</option>`)}
        </select>
      </div>`;
    }
    if (input === "area") {
      return html`<div class="field">
        <label for=${`tile-${name}`}>${label}</label>
        <textarea id=${`tile-${name}`} name=${name} rows="5" maxlength="4000" .value=${String(shown)}></textarea>
        ${hint ? html`<p class="field__hint">${hint}</p>` : nothing}
      </div>`;
    }
    const list = input === "zone" ? "zones" : input === "room" ? "rooms" : "";
    return this.#text(name, label, String(shown), { list, hint, decimal: input === "number" });
  }

  /**
   * @param {string} name
   * @param {string} label
   * @param {string} value
   * @param {{hint?: string, list?: string, required?: boolean, decimal?: boolean}} [more]
   */
  #text(name, label, value, { hint = "", list = "", required = false, decimal = false } = {}) {
    return html`<div class="field">
      <label for=${`tile-${name}`}>${label}</label>
      <input
        id=${`tile-${name}`}
        name=${name}
        .value=${value}
        list=${list || nothing}
        inputmode=${decimal ? "decimal" : nothing}
        maxlength=${name === "columns" ? 500 : 80}
        autocomplete="off"
        ?required=${required}
      />
      ${hint ? html`<p class="field__hint">${hint}</p>` : nothing}
    </div>`;
  }

  #number(/** @type {string} */ name, /** @type {string} */ label, /** @type {number} */ value, /** @type {number} */ least, /** @type {number} */ most) {
    return html`<div class="field">
      <label for=${`tile-${name}`}>${label}</label>
      <input id=${`tile-${name}`} name=${name} type="number" min=${least} max=${most} required .value=${String(value)} />
    </div>`;
  }
}

customElements.define("tile-dialog", TileDialog);
