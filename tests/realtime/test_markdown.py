import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.markdown import _PLAIN, _render, render

#: What may be shown, and with which attributes.
ALLOWED: dict[str, set[str]] = {
    **{tag: set() for tag in ["p", "br", "em", "strong", "s", "code", "pre", "ul", "li", "blockquote"]},
    "a": {"href", "target", "rel"},
    "ol": {"start"},
}
#: What markdown, HTML and people who try things are made of.
PIECES = st.sampled_from(
    [
        *"*_~`[]()<>!#&\"'\\/:;=-+. \n\t\x0b",
        *["a", "é", "https://x.org/?a=1&b=2", "javascript:", "data:text/html,", "[x](", "![x](", "](<", "```", "> "],
        *["- ", "1. ", "~~", "**", "&lt;", "&#60;", "&colon;", "<script>", "</p>", "<a href=", "onerror=", "style="],
        *[
            "<img src=x onerror=alert(1)>",
            "<svg/onload=1>",
            "<!--",
            "<![CDATA[",
            "<?php",
            "www.x.org",
            "\x00",
            "\u202e",
        ],
    ]
)


class Shown(HTMLParser):
    """What a browser would make of it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert tag in ALLOWED, tag
        assert {name for name, _ in attributes} <= ALLOWED[tag], attributes
        for name, value in attributes:
            if name == "href":
                self.links.append(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)


def assert_safe(body: str) -> Shown:
    shown = Shown(render(body))
    for link in shown.links:
        # As browsers read it: without white space and controls; without a scheme it stays on this site.
        scheme = re.match(r"([a-z][a-z0-9+.-]*):", re.sub(r"[\x00-\x20]", "", link), re.IGNORECASE)
        assert scheme is None or scheme[1].lower() in ("http", "https", "mailto"), link
    return shown


@given(st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=80))
@settings(max_examples=300, deadline=None)
def test_whatever_is_typed_is_shown_safely(body: str) -> None:
    assert_safe(body)


@pytest.mark.parametrize(
    "body",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](java\tscript:alert(1))",
        "[x](javascript&colon;alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "[x](file:///etc/passwd)",
        "<javascript:alert(1)>",
        "![x](https://x.org/pixel.png)",
        '[x](https://x.org" onmouseover="alert(1))',
        '[x](https://x.org "\\" onmouseover=\\"alert(1)")',
        "[a]: javascript:alert(1)\n\n[x][a]",
        "<style>*{display:none}</style>",
        "<p style='position:fixed'>x</p>",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "# heading\n\n---\n\n| a | b |\n|---|---|\n| 1 | 2 |",
    ],
)
def test_nothing_runs_nothing_loads(body: str) -> None:
    shown = assert_safe(body)
    assert not [link for link in shown.links if "script" in link or "data:" in link or "file:" in link]


def test_what_people_type_looks_as_they_mean_it() -> None:
    html = render("**bold** *soft* ~~gone~~ `x < y`\nnext line\n\n- one\n- two\n\n> said")
    assert html == (
        "<p><strong>bold</strong> <em>soft</em> <s>gone</s> <code>x &lt; y</code><br>\nnext line</p>\n"
        "<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n<blockquote>\n<p>said</p>\n</blockquote>"
    )
    assert render("```\nif a < b:\n    pass\n```") == "<pre><code>if a &lt; b:\n    pass\n</code></pre>"


@pytest.mark.parametrize(
    ("body", "link"),
    [
        ("see https://x.org/a?b=1&c=2.", "https://x.org/a?b=1&c=2"),
        ("(https://x.org)", "https://x.org"),
        ("www.x.org", "http://www.x.org"),
        ("[here](https://x.org)", "https://x.org"),
        ("<https://x.org>", "https://x.org"),
        ("[room](/rooms/lobby/)", "/rooms/lobby/"),
        ("[write](mailto:a@x.org)", "mailto:a@x.org"),
    ],
)
def test_links_open_elsewhere_and_tell_nobody_where_from(body: str, link: str) -> None:
    html = render(body)
    assert Shown(html).links == [link]
    assert 'target="_blank"' in html
    assert 'rel="noopener noreferrer nofollow"' in html


def test_code_is_left_as_it_is() -> None:
    assert Shown(render("`**a** https://x.org <b>`")).text == "**a** https://x.org <b>"
    assert Shown(render("    indented *code*")).text.strip() == "indented *code*"


@pytest.mark.parametrize("body", ["", " ", "\n", "\u200b"])
def test_nothing_is_shown_of_nothing(body: str) -> None:
    assert_safe(body)


@pytest.mark.parametrize(
    "body",
    [
        ">" * 10_000,
        "> " * 10_000,
        "- " * 10_000,
        "[" * 8_000,
        "![" * 4_000,
        "<http://" * 1_000,
        "*_" * 4_000,
        "`" * 8_000,
        "(" * 4_000 + ")" * 4_000,
        "[a](" * 2_000,
        "https://" + "a." * 3_990,
    ],
    ids=lambda body: body[:8],
)
def test_no_body_takes_long(body: str) -> None:
    began = time.process_time()
    assert_safe(body)
    assert time.process_time() - began < 3, "the worst take a tenth of that on a slow machine"


@given(
    st.lists(st.sampled_from([*"a1éßд字, .?!'_-\n", "  ", "x.org", "don't", "1.", "http", "www"]), max_size=12).map(
        "".join
    )
)
@settings(max_examples=500, deadline=None)
def test_plain_text_is_what_markdown_makes_of_it(body: str) -> None:
    assert render(body) == _render(body)


@given(st.text(alphabet=st.characters(categories=["L", "N"]), min_size=1, max_size=8))
@settings(max_examples=500, deadline=None)
def test_letters_of_all_writings_are_plain(body: str) -> None:
    assert render(body) == _render(body)


@pytest.mark.parametrize("body", ["hello", "Hello there, how are you?", "it's fine...", "Grüße an alle!"])
def test_what_most_people_say_is_plain(body: str) -> None:
    assert _PLAIN.fullmatch(body)
    assert render(body) == f"<p>{body}</p>" == _render(body)


@pytest.mark.parametrize(
    "body", ["1. one", "see x.org", "a_b", "a  b", " a", "- a", "a\nb", "<b>", "&amp;", "*a*", "`a`", "a:", ""]
)
def test_what_may_mean_something_is_not_plain(body: str) -> None:
    assert not _PLAIN.fullmatch(body)
