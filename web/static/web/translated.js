/**
 * Lets what the page updates survive the browser's translation.
 *
 * Chrome and Edge replace each text node by a <font> element. Lit updates a text by setting `data` on the node that
 * stands there. On a <font> that has no effect, so the page would stand still. Here, setting `data` on a <font>
 * replaces it by the new text, which the browser then translates in turn.
 */
Object.defineProperty(HTMLFontElement.prototype, "data", {
  configurable: true,
  /** @this {HTMLFontElement} @param {string} text */
  set(text) {
    this.replaceWith(document.createTextNode(text));
  },
});
