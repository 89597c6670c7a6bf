/** Streams and widgets as the tiles get them. */

export const NOW = Date.parse("2026-11-21T09:00:00Z");

/** @returns {import("boards/state/board-state.js").Stream} a processor's load, just measured */
export const stream = (/** @type {object} */ more = {}) =>
  /** @type {any} */ ({
    slug: "cpu", kind: "number", label: "CPU", unit: "%", value: 41, at: NOW, staleAfter: 60, state: "ok", error: null,
    retryAt: null, history: [], gap: Infinity, marks: new Map(), ...more,
  });

/** @returns {import("boards/state/board-state.js").Widget} */
export const widget = (/** @type {object} */ options = {}, /** @type {object} */ more = {}) =>
  /** @type {any} */ ({ id: 1, type: "number", title: "", streams: ["cpu"], width: 3, height: 1, options, ...more });

/** A screen that is connected. */
export const screen = { shownAt: () => NOW, heardAt: () => NOW };
