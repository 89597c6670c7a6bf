/**
 * What the browser may translate. Translating replaces each text node by <font> elements, so our later updates would
 * not show. So boards are `translate="no"`, except for texts that are never updated in place. On a wall's page nothing
 * is translated.
 */
export const MAY_BE = globalThis.document?.documentElement.translate === false ? "no" : "yes";
