/**
 * Lets what the page updates survive the browser's translation.
 *
 * Chrome and Edge put each text into a <font> element of its own, in the text's place. Lit writes a text that changes into the node
 * that stands where it has put one, by `data`, which means nothing to a <font>: the page would stand still. Here the new text takes
 * the element's place, and is translated in its turn.
 */
Object.defineProperty(HTMLFontElement.prototype, "data", {
  configurable: true,
  /** @this {HTMLFontElement} @param {string} text */
  set(text) {
    this.replaceWith(document.createTextNode(text));
  },
});
