"""From what people type to what is shown: rendered once, on the server, and sanitised. What is typed is what is shown.

A small language of our own that looks like markdown (docs/protocol.md, "Formatting"; docs/decisions/0035): there are
no escapes and no entities, nothing that is typed vanishes but the marks that took effect, and the time that a body
takes grows with its length alone.
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

#: Words with a space between and nothing that markdown or HTML knows: most of what is said.
_PLAIN: Final = re.compile(r"(?!\d)[^\W_]+(?:'[^\W_]+)*[,.?!]{0,3}(?: [^\W_]+(?:'[^\W_]+)*[,.?!]{0,3})*")
_TAG: Final = re.compile("<[^>]*>")
#: Characters of HTML that a message may become: everybody in the room gets them. Links are up to 15 times their text.
LONGEST: Final = 50_000


def render(body: str) -> str:
    """Return `body` (markdown: links, emphasis, code, lists, quotes, tables, line breaks) as safe HTML."""
    return f'<p dir="auto">{body}</p>' if _PLAIN.fullmatch(body) else _render(body)


def _render(body: str) -> str:
    lines = body.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    rendered = _clean(blocks(lines))
    # A link that the sanitiser does not follow has lost where it led, which may stand nowhere else.
    if len(rendered) > LONGEST or "<a target" in rendered:
        return _clean('<p dir="auto">' + "<br>\n".join(map(escape, lines)) + "</p>")
    return rendered


def _clean(rendered: str) -> str:
    return nh3.clean(
        rendered, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes={"http", "https", "mailto"}, link_rel=None
    )


def text_of(rendered: str) -> str:
    """Return the text that `rendered`, which `render` gave, has in it."""
    return html.unescape(_TAG.sub("", rendered))


def is_blank(rendered: str) -> bool:
    """Tell whether nobody would see anything of what `render` gave."""
    return not shows(text_of(rendered))
