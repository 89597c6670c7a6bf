/** What was being written, kept until it is sent; without storage, until the page closes. */

const PREFIX = "draft:";

export function keptDraft(/** @type {string} */ key) {
  try {
    return localStorage.getItem(PREFIX + key) ?? "";
  } catch {
    return "";
  }
}

export function keepDraft(/** @type {string} */ key, /** @type {string} */ body) {
  try {
    if (body) localStorage.setItem(PREFIX + key, body);
    else localStorage.removeItem(PREFIX + key);
  } catch {
    // Full or off: the words are still in the field.
  }
}

export const forgetDraft = (/** @type {string} */ key) => keepDraft(key, "");
