/**
 * In messages, links to this site open in this tab, others in a new one. The server cannot decide this: it does not
 * know its own host name.
 */

document.addEventListener(
  "click",
  ({ target }) => {
    const link = target instanceof Element ? target.closest("a") : null;
    if (link?.target === "_blank" && link.origin === location.origin && link.rel.includes("nofollow")) link.target = "";
  },
  { capture: true },
);
