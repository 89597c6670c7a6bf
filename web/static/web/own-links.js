/** Links in what people write open elsewhere, but those of this site here: the server does not know what it is called. */

document.addEventListener(
  "click",
  ({ target }) => {
    const link = target instanceof Element ? target.closest("a") : null;
    if (link?.target === "_blank" && link.origin === location.origin && link.rel.includes("nofollow")) link.target = "";
  },
  { capture: true },
);
