"""From what people type to what is shown: rendered once, on the server, and sanitised."""

import re
from typing import Final

import nh3
from markdown_it import MarkdownIt

_TAGS: Final = {"p", "br", "em", "strong", "s", "code", "pre", "a", "ul", "ol", "li", "blockquote"}

_renderer = (
    MarkdownIt("commonmark", {"html": False, "linkify": True, "breaks": True})
    .enable(["linkify", "strikethrough"])
    .disable(["image", "heading", "lheading", "hr", "html_block", "html_inline", "reference"])
)

#: Words with a space between and nothing that markdown or HTML knows: most of what is said.
_PLAIN: Final = re.compile(r"(?!\d)[^\W_]+(?:'[^\W_]+)*[,.?!]{0,3}(?: [^\W_]+(?:'[^\W_]+)*[,.?!]{0,3})*")


def render(body: str) -> str:
    """Return `body` (markdown: links, emphasis, code, lists, quotes, line breaks) as safe HTML."""
    return f"<p>{body}</p>" if _PLAIN.fullmatch(body) else _render(body)


def _render(body: str) -> str:
    try:
        html = _renderer.render(body)
    except RecursionError:  # quotes nested without end
        html = "<p>" + nh3.clean_text(body) + "</p>"
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes={"*": set(), "a": {"href", "target"}, "ol": {"start"}},  # "*": nh3 lets titles pass otherwise
        set_tag_attribute_values={"a": {"target": "_blank"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    ).strip()
