import { local } from "web/storage.js";

/** How this browser calls itself, for as long as it keeps its storage: a screen's name hangs on it. */
export function screenKey(/** @type {Pick<Storage, "getItem" | "setItem">} */ storage = local) {
  // Not randomUUID, which browsers have only over HTTPS.
  const made = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const kept = storage.getItem("screen");
  if (kept) return kept;
  storage.setItem("screen", made);
  return made;
}
