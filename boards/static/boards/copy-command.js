/** A command to copy into a shell. */
import { html, LitElement } from "lit";
import { copy } from "web/copy.js";

/** Milliseconds for which the button says that it has copied. */
const SAID = 2000;

export class CopyCommand extends LitElement {
  static properties = { text: {}, copied: { state: true } };

  constructor() {
    super();
    this.text = "";
    this.copied = false;
  }

  createRenderRoot() {
    return this;
  }

  async #copy() {
    this.copied = await copy(this.text, this.querySelector("code"));
    setTimeout(() => (this.copied = false), SAID);
  }

  render() {
    return html`<pre class="copy-command" tabindex="0"><code>${this.text}</code></pre>
      <button class="button" type="button" @click=${this.#copy}>${this.copied ? "Copied" : "Copy"}</button>
      <span class="visually-hidden" role="status">${this.copied ? "Copied" : ""}</span>`;
  }
}

customElements.define("copy-command", CopyCommand);
