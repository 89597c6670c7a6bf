/** Copies to the clipboard, or selects the text where that is not allowed. */

/**
 * Copy `text`. Where a page may not (without HTTPS, for example), select `shown`, so that the reader can press Ctrl-C.
 * @param {string} text
 * @param {Element | null} shown
 * @returns {Promise<boolean>} whether it was copied
 */
export async function copy(text, shown) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    if (shown) getSelection()?.selectAllChildren(shown);
    return false;
  }
}
