"""Turns what people type into safe HTML, once, on the server.

The language is our own and looks like markdown (docs/protocol.md, "Formatting"; docs/decisions/0035). It has no escapes
and no entities. Only marks that took effect vanish from the text. The time for a body depends only on its length.
"""

import html
import re
from typing import Final

import nh3

from web.markdown.blocks import blocks
from web.markdown.inline import escape
from web.visible import shows

_BLOCKS: Final = {"p", "ul", "ol", "li", "blockquote", "pre", "table", "thead", "tbody", "tr", "th", "td"}
_TAGS: Final = _BLOCKS | {"br", "em", "strong", "s", "code", "a", "input"}
_ATTRIBUTES: Final = {
    "*": {"dir"},
    "a": {"href", "target", "rel"},
    "ol": {"start", "class"},
    "li": {"value", "class"},
    "p": {"class"},
    "code": {"class"},
    "input": {"type", "disabled", "checked", "aria-label"},
}

#: Words and single spaces, with nothing that markdown or HTML knows: most messages.
_PLAIN: Final = re.compile(r"(?!\d)[^\W_]+(?:'[^\W_]+)*[,.?!]{0,3}(?: [^\W_]+(?:'[^\W_]+)*[,.?!]{0,3})*")
_TAG: Final = re.compile("<[^>]*>")
#: The most characters of a message's HTML, since everybody in the room gets it. A link's HTML is up to 15 times its
#: text.
LONGEST: Final = 50_000


def render(body: str) -> str:
    """Return `body` (markdown: links, emphasis, code, lists, quotes, tables, line breaks) as safe HTML."""
    return f'<p dir="auto">{body}</p>' if _PLAIN.fullmatch(body) else _render(body)


def _render(body: str) -> str:
    lines = body.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    rendered = _clean(blocks(lines))
    # When the sanitiser removes a link's target, the reader could not see it anywhere: show it as text.
    if len(rendered) > LONGEST or "<a target" in rendered:
        return _clean('<p dir="auto">' + "<br>\n".join(map(escape, lines)) + "</p>")
    return rendered


def _clean(rendered: str) -> str:
    return nh3.clean(
        rendered, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes={"http", "https", "mailto"}, link_rel=None
    )


def text_of(rendered: str) -> str:
    """Return the text in `rendered`, the result of `render`."""
    return html.unescape(_TAG.sub("", rendered))


def is_blank(rendered: str) -> bool:
    """Return whether the result of `render` shows nothing."""
    return not shows(text_of(rendered))
