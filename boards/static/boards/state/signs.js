/** The signs that go with colours, so that colour is never alone. */

/** @typedef {"ok" | "warn" | "crit" | "info" | "unknown"} Level */

export const LEVEL_SIGNS = { ok: "●", warn: "▲", crit: "■", info: "◆", unknown: "○" };
export const LEVEL_WORDS = { ok: "ok", warn: "warning", crit: "critical", info: "note", unknown: "unknown" };

/**
 * Read a status value, which is a level or `{level, text}`.
 * @param {any} value
 * @returns {{level: Level, text: string}}
 */
export function readStatus(value) {
  const level = typeof value === "string" ? value : value?.level;
  const known = /** @type {Level} */ (typeof level === "string" && Object.hasOwn(LEVEL_SIGNS, level) ? level : "unknown");
  return { level: known, text: value?.text || LEVEL_WORDS[known] };
}
