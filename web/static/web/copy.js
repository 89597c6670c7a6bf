/** The clipboard, or the next best. */

/**
 * Copy `text`. Where a page may not (no HTTPS, say), select `shown`, so that Ctrl-C does.
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
