/** People and their messages, to test with. */

export const ADA = { id: 1, name: "Ada Moor", guest: false };
export const GRACE = { id: 2, name: "Grace", guest: false };
export const BO = { id: 3, name: "Bo", guest: false };
export const LIN = { id: 4, name: "Lin", guest: true };

/**
 * A message event. Its rev is its seq unless given.
 * @param {number} seq
 * @param {Partial<import("../../chat/static/chat/log/log.js").Message>} [more]
 */
export function said(seq, more = {}) {
  return {
    type: "message",
    room: "lobby",
    seq,
    rev: seq,
    id: `id-${seq}`,
    sender: GRACE,
    body: `text ${seq}`,
    html: `<p>text ${seq}</p>`,
    at: new Date(Date.UTC(2026, 10, 20, 12, 0, seq)).toISOString(),
    edited_at: null,
    deleted: false,
    reply_to: null,
    reactions: {},
    kind: /** @type {const} */ ("text"),
    ...more,
  };
}

/** Messages `from` … `to`. */
export const saidAll = (/** @type {number} */ from, /** @type {number} */ to) =>
  Array.from({ length: to - from + 1 }, (_, index) => said(from + index));
