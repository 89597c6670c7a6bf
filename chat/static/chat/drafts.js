/** What was being written, kept until it is sent; without storage, until the page closes. */
import { local } from "realtime/storage.js";

const PREFIX = "draft:";

export const keptDraft = (/** @type {string} */ key) => local.getItem(PREFIX + key) ?? "";

export function keepDraft(/** @type {string} */ key, /** @type {string} */ body) {
  if (body) local.setItem(PREFIX + key, body);
  else local.removeItem(PREFIX + key);
}

export const forgetDraft = (/** @type {string} */ key) => keepDraft(key, "");
