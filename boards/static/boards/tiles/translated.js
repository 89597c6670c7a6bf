/**
 * What the browser may translate. It puts each text node into <font> elements of its own, so what we update there would stand still: boards are
 * `translate="no"`, except for what is never updated in place. On the page of a wall nothing may be.
 */
export const MAY_BE = globalThis.document?.documentElement.translate === false ? "no" : "yes";
