import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.bodies import KNOWN, filled

# private: the short cut must agree with the whole renderer
from web.markdown import _PLAIN, _render, is_blank, render, text_of
from web.markdown.blocks import DEPTH
from web.visible import shows

BLOCKS = {"p", "ul", "ol", "li", "blockquote", "pre", "table", "th", "td"}
#: What may be shown, and with which attributes.
ALLOWED: dict[str, set[str]] = {
    **{tag: {"dir"} for tag in BLOCKS},
    **{tag: set() for tag in ["br", "em", "strong", "s", "thead", "tbody", "tr"]},
    "a": {"href", "target", "rel"},
    "ol": {"start", "dir", "class"},
    "li": {"value", "dir", "class"},
    "p": {"dir", "class"},
    "code": {"class"},
    "input": {"type", "disabled", "checked", "aria-label"},
}
CASES = json.loads(Path(__file__).with_name("rendering.json").read_text())
#: Pieces of markdown, of HTML, and of attempts to break either.
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
    """What a browser would show: the text with list marks, the tags, the links."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.words = ""  # without the marks of lists
        self._numbers: list[int | None] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert tag in ALLOWED, tag
        assert {name for name, _ in attributes} <= ALLOWED[tag], attributes
        given = dict(attributes)
        assert tag not in BLOCKS or given["dir"] == "auto", f"{tag} has no direction of its own"
        assert (given.get("class") or "emoji") in ("emoji", "wide", "task") or tag == "code", given
        if tag == "a":
            self.links.append(given["href"] or "")
        elif tag in ("ul", "ol"):
            self._numbers.append(int(given.get("start") or 1) if tag == "ol" else None)
        elif tag == "li":
            number = self._numbers[-1]
            number = int(given["value"] or "") if "value" in given else number
            self.text += "\u2022 " if number is None else f"{number}. "
            self._numbers[-1] = None if number is None else number + 1

    def handle_endtag(self, tag: str) -> None:
        if tag in ("ul", "ol"):
            self._numbers.pop()
            self.text = self.text.removesuffix("\n")
        elif tag == "li":
            self.text += "\n"

    def handle_data(self, data: str) -> None:
        self.text += data
        self.words += data

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
        # Parsed like browsers do: white space and controls are ignored; without a scheme it stays on this site.
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


@pytest.mark.parametrize("case", CASES["shows"], ids=lambda case: ascii(case["body"]))
def test_what_is_typed_is_what_is_shown(case: dict[str, Any]) -> None:
    for html in {render(case["body"]), _render(case["body"])}:
        shown = Shown(html)
        assert shown.text.rstrip("\n") == case["text"].rstrip("\n"), html
        if "tags" in case:
            assert sorted(set_aside(shown.tags)) == case["tags"], html


def set_aside(tags: list[str]) -> list[str]:
    return [tag for tag in tags if tag not in ("p", "br")]


@given(st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=80))
@settings(max_examples=500, deadline=None)
def test_letters_and_signs_are_shown_in_their_order(body: str) -> None:
    body = re.sub(r"[][`~\x00]", "", body)  # targets of links and languages of code are in the HTML, but not shown
    assert [char for char in text_of(render(body)) if char.isalpha()] == [char for char in body if char.isalpha()]


@given(st.lists(st.sampled_from([*" \t\n\u200b\u2800\u3164\ufe0f*_~`>-+#|[]().1xX", "- ", "```", "> "]), max_size=20))
@settings(max_examples=500, deadline=None)
def test_what_is_not_blank_shows_something(pieces: list[str]) -> None:
    html = render("".join(pieces))
    assert is_blank(html) == (not shows(Shown(html).words))


def test_marks_become_tags() -> None:
    assert render("**bold** *soft* ~~gone~~ `x < y`\nnext line\n\n> said") == (
        '<p dir="auto"><strong>bold</strong> <em>soft</em> <s>gone</s> <code>x &lt; y</code><br>\nnext line</p>\n'
        '<blockquote dir="auto"><p dir="auto">said</p></blockquote>'
    )
    assert render("```Python\nif a < b:\n    pass\n```") == (
        '<pre dir="auto"><code class="language-python">if a &lt; b:\n    pass\n</code></pre>'
    )
    assert render("- [x] one\n\n3. three\n\n   more") == (
        '<ul dir="auto"><li dir="auto" class="task"><input type="checkbox" disabled="" checked="" aria-label="done">'
        'one</li></ul>\n<ol dir="auto" start="3">'
        '<li dir="auto"><p dir="auto">three</p>\n<p dir="auto">more</p></li></ol>'
    )
    assert render("a\tb\n1\t2").count("</td>\t<td") == 2, "copied again it has its tabs"


@pytest.mark.parametrize(
    ("body", "large"),
    [
        ("🎉", True),
        ("👍🏽 🎉", True),
        ("👨‍👩‍👧‍👦❤️🏴󠁧󠁢󠁥󠁮󠁧󠁿", True),
        ("🎉🎉🎉🎉", False),
        ("🎉 yes", False),
        ("1", False),
        ("> 🎉\n🎉", True),
    ],
)
def test_up_to_three_lone_emoji_are_large(body: str, large: bool) -> None:
    assert ('class="emoji"' in render(body)) == large


@pytest.mark.parametrize("name", ["kitchen", "team-7", "r-12", "a1"])
def test_a_room_is_a_link_here(name: str) -> None:
    html = render(f"see #{name}, please")
    assert Shown(html).links == [f"/rooms/{name}/"]
    assert "target" not in html


@pytest.mark.parametrize(
    ("body", "link"),
    [
        ("see https://x.org/a?b=1&c=2.", "https://x.org/a?b=1&c=2"),
        ("(https://x.org)", "https://x.org"),
        ("https://x.org/a_(b)_c", "https://x.org/a_(b)_c"),
        ("https://x.org/{id}", "https://x.org/{id}"),
        ("https://[::1]:8000/", "https://[::1]:8000/"),
        ("HTTPS://X.org", "HTTPS://X.org"),
        ("见https://x.org/a。然后", "https://x.org/a"),
        ("“https://x.org/a”", "https://x.org/a"),
        ("https://x.org/a\u200b", "https://x.org/a"),
        ("http://localhost:8000/x", "http://localhost:8000/x"),
        ("www.x.org", "http://www.x.org"),
        ("[here](https://x.org)", "https://x.org"),
        ("[*here*](https://x.org/(a)_b)", "https://x.org/(a)_b"),
        ("[https://a.org](https://x.org)", "https://x.org"),
        ("<https://x.org>", "https://x.org"),
        ("a.b+c@x.org", "mailto:a.b+c@x.org"),
        ("[write](mailto:a@x.org)", "mailto:a@x.org"),
        ("[write](a@x.org)", "mailto:a@x.org"),
        ("mailto:a@x.org?subject=hi", "mailto:a@x.org?subject=hi"),
    ],
)
def test_links_open_elsewhere_and_tell_nobody_where_from(body: str, link: str) -> None:
    html = render(body)
    assert Shown(html).links == [link]
    assert 'target="_blank"' in html
    assert 'rel="noopener noreferrer nofollow"' in html


def test_code_is_left_as_it_is() -> None:
    assert Shown(render("`**a** https://x.org <b>`")).text == "**a** https://x.org <b>"
    assert Shown(render("```\n  a *code*\n```")).text == "  a *code*\n"


@pytest.mark.parametrize("body", ["", " ", "\n", "\u200b"])
def test_nothing_is_shown_of_nothing(body: str) -> None:
    assert_safe(body)
    assert is_blank(render(body))


@pytest.mark.parametrize("mark", ["> ", "- ", "  - ", "1. "])
def test_what_is_too_deep_stays_as_it_was_typed(mark: str) -> None:
    body = mark * 40 + "x"
    shown = assert_safe(body)
    assert shown.text.rstrip("\n").endswith(mark.strip() + " x")
    assert sum(shown.tags.count(tag) for tag in ("blockquote", "li")) == DEPTH


@pytest.mark.parametrize("body", ["|a\n|-\n" + "|a\n" * 1_500, "a\tb\n" * 1_500, "#ab " * 1_990])
def test_what_would_be_too_much_for_a_page_stays_as_it_was_typed(body: str) -> None:
    shown = assert_safe(body)
    assert set(shown.tags) <= {"p", "br"}
    assert shown.text.rstrip() == body.rstrip()


@pytest.mark.parametrize(
    "body",
    [
        "http://xn--a/",
        "http://1.2.3.999/x",
        "[x](http://xn--a/)",
        "https://bank.com@x.org/",
        "www.x.org:a",
        "http://x:99999",
    ],
)
def test_an_address_that_leads_nowhere_is_text(body: str) -> None:
    shown = assert_safe(body)
    assert (shown.tags, shown.text) == (["p"], body)


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
    assert render(body) == f'<p dir="auto">{body}</p>' == _render(body)


@pytest.mark.parametrize(
    "body", ["1. one", "see x.org", "a_b", "a  b", " a", "- a", "a\nb", "<b>", "&amp;", "*a*", "`a`", "a:", ""]
)
def test_what_may_mean_something_is_not_plain(body: str) -> None:
    assert not _PLAIN.fullmatch(body)


@pytest.mark.parametrize("piece", KNOWN)
def test_twice_the_text_is_twice_the_work(piece: str) -> None:
    """Counted, not timed: `python -m benchmarks.bodies` measures."""
    once, twice = (calls(filled(piece, length)) for length in (3_000, 6_000))
    assert twice < 3 * once + 500


def calls(body: str) -> int:
    """Return how many functions are called to render `body`."""
    count = 0

    def called(frame: Any, event: str, _: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        render(body)
    finally:
        sys.setprofile(before)
    return count
