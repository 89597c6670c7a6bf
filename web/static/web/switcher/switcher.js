/** The quick switcher: Ctrl-K, a few letters, Enter. */
import { html, LitElement, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { tell } from "web/shortcuts.js";
import { pieces } from "./match.js";
import { Search, sources } from "./search.js";
import "./page-links.js";

/** @typedef {import("./search.js").Result} Result */

export class QuickSwitcher extends LitElement {
  static properties = { chosen: { state: true }, isOpen: { state: true } };

  constructor() {
    super();
    this.isOpen = false;
    /** The index of the result that Enter opens. */
    this.chosen = 0;
    this.search = new Search({ sources, tell: () => this.requestUpdate() });
  }

  createRenderRoot() {
    return this;
  }

  get dialog() {
    return /** @type {HTMLDialogElement} */ (this.querySelector("dialog"));
  }

  async show() {
    if (this.isOpen || document.querySelector("dialog[open]")) return;
    this.isOpen = true;
    this.chosen = 0;
    this.search.open();
    for (const cover of document.querySelectorAll(":popover-open")) /** @type {HTMLElement} */ (cover).hidePopover();
    await this.updateComplete;
    this.dialog.showModal();
    const field = /** @type {HTMLInputElement} */ (this.querySelector("input"));
    field.value = "";
    field.focus();
  }

  updated() {
    this.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }

  render() {
    if (!this.isOpen) return html`<dialog class="switcher"></dialog>`;
    const { results } = this.search;
    this.chosen = Math.max(0, Math.min(this.chosen, results.length - 1));
    return html`<dialog class="switcher" aria-label="Jump to" @close=${this.#closed} @click=${this.#onClick}>
      <div class="switcher__field">
        <span class="mark" data-mark="search" aria-hidden="true"></span>
        <input type="text" role="combobox" aria-label="Jump to" aria-expanded="true" aria-controls="switcher-list"
          aria-autocomplete="list" aria-activedescendant=${results.length ? `switcher-${this.chosen}` : nothing}
          placeholder="Jump to…" autocomplete="off" autocapitalize="off" spellcheck="false" enterkeyhint="go"
          @input=${this.#onInput} @keydown=${this.#onKey} />
        <button class="link-button small" type="button" @click=${() => this.dialog.close()}>Close</button>
      </div>
      <div class="switcher__list" id="switcher-list" role="listbox" aria-label="Results">
        ${repeat(results, ({ target }) => target.address, (result, index) => this.#result(result, index))}
      </div>
      ${results.length ? nothing : html`<p class="switcher__none muted">Nothing here has such a name.</p>`}
      <p class="visually-hidden" role="status">${results.length} ${results.length === 1 ? "result" : "results"}</p>
      <p class="switcher__keys muted" aria-hidden="true"><kbd>↑</kbd> <kbd>↓</kbd> choose <kbd>Enter</kbd> opens <kbd>Esc</kbd> closes</p>
    </dialog>`;
  }

  /** @param {Result} result @param {number} index */
  #result({ target: { address, name, mark, note, unread = 0 }, hits }, index) {
    return html`<a class="switcher__result ${unread ? "switcher__result--unread" : ""}" id="switcher-${index}" role="option"
      tabindex="-1" href=${address} aria-selected=${index === this.chosen} @mousemove=${() => (this.chosen = index)}>
      <span class="mark" data-mark=${mark} aria-hidden="true"></span>
      <span class="switcher__name" dir="auto" translate="no"
        >${pieces(name, hits).map(({ text, hit }) => (hit ? html`<b>${text}</b>` : text))}</span>
      ${note ? html`<span class="switcher__note">${note}</span>` : nothing}
      ${unread ? html`<span class="count">${unread > 99 ? "99+" : unread}<span class="visually-hidden"> unread</span></span>` : nothing}
    </a>`;
  }

  #onInput(/** @type {Event} */ event) {
    this.search.type(/** @type {HTMLInputElement} */ (event.target).value);
    this.chosen = 0;
    this.requestUpdate();
  }

  #onKey(/** @type {KeyboardEvent} */ event) {
    if (event.isComposing) return;
    const { length } = this.search.results;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && length) {
      event.preventDefault();
      this.chosen = (this.chosen + step + length) % length;
    } else if (event.key === "Enter") {
      event.preventDefault();
      const link = /** @type {HTMLAnchorElement | null} */ (this.querySelector("[aria-selected=true]"));
      if (link) this.#follow(link);
    }
  }

  /** A click beside the list closes; a plain one on a result follows it. */
  #onClick(/** @type {MouseEvent} */ event) {
    const target = /** @type {Element} */ (event.target);
    if (target === this.dialog) return this.dialog.close();
    const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (isPlain && target.closest(".switcher__result")) this.dialog.close();
  }

  /** Close first: the focus goes back to where it was, and the page that is shown next may take it. */
  #follow(/** @type {HTMLAnchorElement} */ link) {
    this.dialog.close();
    link.click();
  }

  #closed() {
    this.isOpen = false;
    this.search.close();
  }
}

customElements.define("quick-switcher", QuickSwitcher);

const switcher = /** @type {QuickSwitcher} */ (document.createElement("quick-switcher"));
document.body.append(switcher);

/** Ctrl-K works in fields, too, and closes what it has opened. */
document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
  event.preventDefault();
  if (switcher.isOpen) switcher.dialog.close();
  else void switcher.show();
});
for (const button of document.querySelectorAll("[data-switcher-open]")) button.addEventListener("click", () => switcher.show());
tell("Ctrl K", "Jump to a room, a board or a page");
