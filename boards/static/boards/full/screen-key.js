import { local } from "web/storage.js";

/** This browser's key, kept in its storage. The name of a screen belongs to this key. */
export function screenKey(/** @type {Pick<Storage, "getItem" | "setItem">} */ storage = local) {
  // Not randomUUID, which browsers offer only over HTTPS.
  const made = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const kept = storage.getItem("screen");
  if (kept) return kept;
  storage.setItem("screen", made);
  return made;
}
