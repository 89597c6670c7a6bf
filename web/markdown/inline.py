"""Emphasis, code and links in a text. Pure; the time depends only on the length of the text."""

import re
from bisect import bisect_left
from collections import defaultdict
from typing import Final, NamedTuple

#: East Asian characters and punctuation. They have no spaces between words, and they end a link.
CJK: Final = (
    "\u1100-\u11ff\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff"
)
#: Characters that end a link: white space, controls, quotation marks, < and >, East Asian characters.
_ENDS: Final = (
    rf"\s\x00-\x1f\x7f-\xa0<>\"`\u00ab\u00bb\u2018-\u201f\u2026\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff{CJK}"
)
_MAIL: Final = r"[A-Za-z0-9._%+-]++@(?!\dx\.)[A-Za-z0-9-]++(?:\.[A-Za-z0-9-]++)++"

_TOKEN: Final = re.compile(
    r"(?P<newline>\n)"
    r"|(?P<ticks>`++)"
    r"|(?P<run>\*++|_++|~++)"
    rf"|\[(?P<words>[^\[\]\n]++)\]\((?P<href>(?:(?i:https?://|www\.|mailto:)(?:[^\s<>()]|\([^\s<>()]*+\))++|{_MAIL}))\)"
    rf"|(?<![A-Za-z0-9])(?P<url>(?i:https?://(?=[^\W_]|\[)|www\.(?=[\w-]++\.[^\W_]))[^{_ENDS}]++)"
    rf"|(?<![A-Za-z0-9._%+-])(?:(?P<mailto>(?i:mailto:))(?P<address>{_MAIL}(?:\?[^{_ENDS}]++)?)|(?P<mail>{_MAIL})(?![/:]\S))"
    r"|(?<![\w/&#.-])#(?P<room>[a-z0-9]++(?:[-_][a-z0-9]++)*+)(?![\w#/-]|\.\w)"
)
_TRAILING: Final = ".,;:!?'*_~|"
#: A valid address: a host and maybe a port. No user name before the host, since it could pass for the host.
_ADDRESS: Final = re.compile(
    r"(?i:https?://(?:\[[0-9a-f:.]+\]|[^\W_][\w.-]*)(?::\d{1,5})?(?:[/?#].*)?|mailto:[^@]+@[^@]+)", re.DOTALL
)
_COLOUR: Final = re.compile(r"(?=\D*\d)(?:[0-9a-f]{3}|[0-9a-f]{6}|[0-9a-f]{8})|[\d_-]+")

#: Characters that may be between a mark and its word: before the word, and after it. The dot of `__init__.py` belongs
#: to the word.
_OPENING: Final = "([{\"'\u00ab\u2018\u201c\u201e\u2039\u00bf\u00a1\u2013\u2014*_~"
_CLOSING: Final = ".,;:!?)]}\"'\u00bb\u2019\u201d\u203a\u2026\u2013\u2014*_~"
_EAST: Final = re.compile(f"[{CJK}]")
#: How many characters between a word and a mark are checked.
_NEAR: Final = 8
#: The lengths of runs of marks that have a meaning.
_MOST: Final = {"*": 3, "_": 3, "~": 2}
_TAGS: Final = {("*", 1): "em", ("_", 1): "em", ("*", 2): "strong", ("_", 2): "strong", ("~", 2): "s"}


def escape(text: str) -> str:
    """Return `text` as HTML, within an element or a quoted attribute."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


class _Run:
    """A run of marks. `left` of them stay as text; the others have become tags."""

    def __init__(self, mark: str, length: int) -> None:
        self.mark = mark
        self.left = length
        self.before = ""  # the tags that it closes, in order
        self.after = ""  # the tags that it opens

    def html(self) -> str:
        return self.before + self.mark * self.left + self.after


class _Parts:
    """The pieces of a text, and the opening marks that may still be closed."""

    def __init__(self) -> None:
        self.pieces: list[str | _Run] = []
        self._open: list[_Run] = []
        self._count: dict[str, int] = defaultdict(int)

    def add(self, html: str) -> None:
        self.pieces.append(html)

    def mark(self, mark: str, length: int, opens: bool, closes: bool) -> None:
        run = _Run(mark, length)
        self.pieces.append(run)
        if closes:
            self._close(run)
        if opens and run.left:
            self._open.append(run)
            self._count[mark] += 1

    def _close(self, run: _Run) -> None:
        while run.left and self._count[run.mark]:
            opener = self._pop()
            if opener.mark != run.mark:
                continue  # `*a _b*`: nothing can close the `_` any more
            size = 2 if opener.left >= 2 and run.left >= 2 else 1
            tag = _TAGS[run.mark, size]
            opener.left -= size
            run.left -= size
            opener.after = f"<{tag}>{opener.after}"
            run.before += f"</{tag}>"
            if opener.left:
                self._open.append(opener)
                self._count[opener.mark] += 1

    def _pop(self) -> _Run:
        opener = self._open.pop()
        self._count[opener.mark] -= 1
        return opener

    def html(self) -> str:
        return "".join(piece if isinstance(piece, str) else piece.html() for piece in self.pieces)


class Code(NamedTuple):
    text: str
    end: int


class _Ticks:
    """The positions of runs of backticks, by length."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._runs: dict[int, list[int]] | None = None

    def code(self, start: int, end: int) -> Code | None:
        """Return the code that begins with the run from `start` to `end`.

        None when no run of the same length closes it.
        """
        if self._runs is None:
            self._runs = defaultdict(list)
            for run in re.finditer("`+", self._text):
                self._runs[len(run[0])].append(run.start())
        runs = self._runs[end - start]
        place = bisect_left(runs, end)
        if place == len(runs):
            return None
        text = self._text[end : runs[place]]
        if text.startswith(" ") and text.endswith(" ") and text.strip(" "):
            text = text[1:-1]  # so that code may begin and end with a backtick
        return Code(text, runs[place] + end - start)


def inline(text: str, *, links: bool = True) -> str:
    """Return `text` as HTML. Inside a link, `links` is false."""
    parts, ticks, at, done = _Parts(), _Ticks(text), 0, 0
    while token := _TOKEN.search(text, at):
        at = token.end()
        html: str | None
        match token.lastgroup:
            case "newline":
                html = "<br>\n"
            case "run":
                parts.add(escape(text[done : token.start()]))
                _mark(parts, text, token.start(), at)
                done = at
                continue
            case "ticks":
                code = ticks.code(token.start(), at)
                if code is not None:
                    at = code.end
                html = None if code is None else f"<code>{escape(code.text)}</code>"
            case _:
                html, at = _link(token) if links else (None, at)
        if html is not None:
            parts.add(escape(text[done : token.start()]))
            parts.add(html)
            done = at
    parts.add(escape(text[done:]))
    return parts.html()


def _mark(parts: _Parts, text: str, start: int, end: int) -> None:
    mark, length = text[start], end - start
    if length > _MOST[mark] or (mark == "~" and length != 2):
        parts.add(text[start:end])
        return
    before, after = text[start - 1 : start], text[end : end + 1]
    opens = bool(after) and not after.isspace() and after not in ".,;:!?)]}" and _begins(text, start, mark)
    closes = bool(before) and not before.isspace() and before not in "([{" and _finishes(text, end, mark)
    parts.mark(mark, length, opens, closes)


def _begins(text: str, start: int, mark: str) -> bool:
    """Return whether a word may begin after the mark at `start`.

    Between the mark and a space (or the start) there may be only opening punctuation.
    """
    for place in range(start - 1, max(-1, start - 1 - _NEAR), -1):
        char = text[place]
        if char not in _OPENING:
            return char.isspace() or (mark != "_" and bool(_EAST.match(char)))
    return start <= _NEAR


def _finishes(text: str, end: int, mark: str) -> bool:
    """Return whether a word ends before the mark that ends at `end`."""
    for char in text[end : end + _NEAR]:
        if char not in _CLOSING:
            return char.isspace() or (mark != "_" and bool(_EAST.match(char)))
    return len(text) - end <= _NEAR


# Links


def _link(token: re.Match[str]) -> tuple[str | None, int]:
    """Return the link in `token` (None when it only looks like one), and the position after it."""
    found = token.groupdict()
    if found["room"] is not None:
        room = found["room"]
        return (None if _COLOUR.fullmatch(room) else f'<a href="/rooms/{room}/">#{room}</a>'), token.end()
    if found["words"] is not None:
        blank = found["words"].isspace()
        return (None if blank else _anchor(found["href"], inline(found["words"], links=False))), token.end()
    text = _trimmed(token[0])
    end = token.start() + len(text)
    if found["url"] is None and not re.search(r"\.[A-Za-z]{2,}(?:\?|$)", text):
        return None, token.end()
    html = _anchor(text, escape(text))
    return html, end if html else token.end()


def _anchor(target: str, words: str) -> str | None:
    start = target[:8].lower()
    address = target
    if start.startswith("www."):
        address = f"http://{target}"
    elif not start.startswith(("http://", "https://", "mailto:")):
        address = f"mailto:{target}"
    if not _ADDRESS.fullmatch(address):
        return None
    return f'<a href="{escape(address)}" target="_blank" rel="noopener noreferrer nofollow">{words}</a>'


def _trimmed(link: str) -> str:
    """Return `link` without trailing punctuation. A closing bracket stays when it was opened inside the link."""
    unopened = {closing: link.count(closing) - link.count(opening) for opening, closing in ("()", "[]", "{}")}
    end = len(link)
    while end:
        last = link[end - 1]
        if unopened.get(last, 0) > 0:
            unopened[last] -= 1
        elif last not in _TRAILING:
            break
        end -= 1
    return link[:end]
