"""Splits lines of text into paragraphs, lists, quotes, tables and code. Pure; reads each line once per depth."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from web.markdown.emoji import EMOJI
from web.markdown.inline import escape, inline

#: How deep quotes and lists may nest. Deeper ones stay as typed.
DEPTH: Final = 6
#: A table with more cells stays as typed: a cell costs a page far more than its characters.
CELLS: Final = 1_000

_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,}) *([\w+#.-]{0,30}) *")
_QUOTE: Final = re.compile(r" {0,3}> ")
_HEADING: Final = re.compile(r"#{1,6} +(?=\S)")
_ITEM: Final = re.compile(r"([ \t]*)([-+*]|\d{1,3}\.)([ \t]+)(?=\S)")
_TASK: Final = re.compile(r"\[([ xX])\] +(?=\S)")
_RULE: Final = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*+\|?[ \t]*")
_CELL: Final = re.compile(r"(?:`[^`]*+`|[^|])*+")
_LARGE: Final = re.compile(rf"\s*(?:(?:{EMOJI})\s*){{1,3}}")
_TO_DO: Final = '<input type="checkbox" disabled aria-label="to do">'
_DONE: Final = '<input type="checkbox" disabled checked aria-label="done">'


class Found(NamedTuple):
    """A block: its HTML, and the number of the line after it."""

    html: str
    end: int


def blocks(lines: Sequence[str], depth: int = 0, *, tight: bool = False) -> str:
    """Return `lines` as HTML. `tight`: without paragraph tags, as in a list without blank lines between its items."""
    reader = _Reader(lines, depth)
    done: list[str] = []
    paragraph: list[str] = []

    def end_paragraph() -> None:
        if paragraph:
            text = "\n".join(paragraph)
            large = ' class="emoji"' if len(text) < 100 and _LARGE.fullmatch(text) else ""
            done.append(inline(text) if tight else f'<p dir="auto"{large}>{inline(text)}</p>')
            paragraph.clear()

    at = 0
    while at < len(lines):
        if not lines[at] or lines[at].isspace():
            end_paragraph()
            at += 1
        elif found := reader.block_at(at, in_paragraph=bool(paragraph)):
            end_paragraph()
            done.append(found.html)
            at = found.end
        else:
            paragraph.append(lines[at])
            at += 1
    end_paragraph()
    return ("" if tight else "\n").join(done)


class _Reader:
    def __init__(self, lines: Sequence[str], depth: int) -> None:
        self.lines = lines
        self.depth = depth
        #: Fences that are never closed: for each mark, the shortest one that was searched for.
        self._open: dict[str, int] = {}
        #: No table begins before this line: the candidate was too large, or code.
        self._no_table = 0

    def block_at(self, at: int, *, in_paragraph: bool) -> Found | None:
        """Return the block that begins with line `at`; None when that line is part of a paragraph."""
        line = self.lines[at]
        if heading := _HEADING.match(line):
            return Found(f'<p dir="auto"><strong>{inline(line[heading.end() :])}</strong></p>', at + 1)
        deeper = self._quote(at) or self._list(at, in_paragraph) if self.depth < DEPTH else None
        return deeper or self._fence(at) or (self._table(at) if at >= self._no_table else None)

    def _quote(self, at: int) -> Found | None:
        if not (_QUOTE.match(self.lines[at]) and self.lines[at].strip(" \t>")):
            return None
        inner, end = [], at
        while end < len(self.lines):
            line = self.lines[end]
            if mark := _QUOTE.match(line):
                inner.append(line[mark.end() :])
            elif line.strip() == ">":
                inner.append("")
            else:
                break
            end += 1
        return Found(f'<blockquote dir="auto">{blocks(inner, self.depth + 1)}</blockquote>', end)

    def _fence(self, at: int) -> Found | None:
        opening = _FENCE.fullmatch(self.lines[at])
        if opening is None:
            return None
        mark, length = opening[1][0], len(opening[1])
        if length >= self._open.get(mark, length + 1):
            return None
        for end in range(at + 1, len(self.lines)):
            line = self.lines[end].strip(" ")
            if len(line) >= length and line.strip(mark) == "":
                language = f' class="language-{escape(opening[2].lower())}"' if opening[2] else ""
                code = "".join(f"{escape(each)}\n" for each in self.lines[at + 1 : end])
                return Found(f'<pre dir="auto"><code{language}>{code}</code></pre>', end + 1)
        self._open[mark] = length
        return None

    # Lists

    def _list(self, at: int, in_paragraph: bool) -> Found | None:
        first = _ITEM.match(self.lines[at])
        if first is None:
            return None
        numbered, mark = first[2][0].isdecimal(), first[2][-1]
        if numbered and in_paragraph and int(first[2][:-1]) != 1:
            return None  # "It costs\n20. That is much."
        indent, items, end = _width(first[1]), [], at
        number = start = int(first[2][:-1]) if numbered else 0
        while end < len(self.lines):
            item = _ITEM.match(self.lines[end])
            if item is None or _width(item[1]) > indent + 1 or item[2][-1] != mark:
                break
            begin, end = end, self._end_of_item(end, indent)
            value = ""
            if numbered:
                if int(item[2][:-1]) != number:
                    number = int(item[2][:-1])
                    value = f' value="{number}"'
                number += 1
            items.append(self._item(item, begin, end, value))
            end = self._skip_to_item(end)
        if not numbered:
            return Found(f'<ul dir="auto">{"".join(items)}</ul>', end)
        begins = f' start="{start}"' if start != 1 else ""
        wide = ' class="wide"' if max(number, start) > 99 else ""
        return Found(f'<ol dir="auto"{begins}{wide}>{"".join(items)}</ol>', end)

    def _item(self, item: re.Match[str], begin: int, end: int, value: str) -> str:
        offset = _width(item[0])
        inner = [self.lines[begin][item.end() :], *(_dedent(line, offset) for line in self.lines[begin + 1 : end])]
        while inner and not inner[-1].strip():
            inner.pop()
        task = _TASK.match(inner[0])
        if task is not None:
            inner[0] = inner[0][task.end() :]
        tight = all(line.strip() for line in inner)
        html = blocks(inner, self.depth + 1, tight=tight)
        if task is None:
            return f'<li dir="auto"{value}>{html}</li>'
        box = _DONE if task[1] != " " else _TO_DO
        return f'<li dir="auto"{value} class="task">{box}{html}</li>'

    def _end_of_item(self, at: int, indent: int) -> int:
        """Return the line after the item at `at`. Its lines are indented further, or blank between indented ones."""
        end = at + 1
        for next in range(at + 1, len(self.lines)):
            line = self.lines[next]
            if line.strip():
                if _width(line[: len(line) - len(line.lstrip(" \t"))]) < indent + 2:
                    break
                end = next + 1
        return end

    def _skip_to_item(self, at: int) -> int:
        """Return the line at which the list goes on after blank lines; `at` when it does not."""
        after = at
        while after < len(self.lines) and not self.lines[after].strip():
            after += 1
        return after if after < len(self.lines) and _ITEM.match(self.lines[after]) else at

    # Tables

    def _table(self, at: int) -> Found | None:
        line = self.lines[at]
        return self._pipes(at) if "|" in line and self._is_ruled(at) else self._tabs(at) if "\t" in line else None

    def _is_ruled(self, at: int) -> bool:
        """Return whether the line after `at` is a ruler, which makes `at` the head of a table."""
        rule = self.lines[at + 1] if at + 1 < len(self.lines) else ""
        return "|" in rule and bool(_RULE.fullmatch(rule)) and len(_cells(rule)) == len(_cells(self.lines[at]))

    def _pipes(self, at: int) -> Found | None:
        """Return a table with pipes: a head, a ruler, and rows."""
        end = at + 2
        while end < len(self.lines) and "|" in self.lines[end]:
            end += 1
        head, rows = _cells(self.lines[at]), [_cells(line) for line in self.lines[at + 2 : end]]
        if sum(map(len, rows), len(head)) > CELLS:
            self._no_table = end
            return None
        body = "\n".join(_row(row, "td") for row in rows)
        tbody = f"\n<tbody>{body}</tbody>" if rows else ""
        return Found(f'<table dir="auto"><thead>{_row(head, "th")}</thead>{tbody}</table>', end)

    def _tabs(self, at: int) -> Found | None:
        """Return a table as copied from a spreadsheet.

        Lines with the same number of tabs. (Code has its tabs at the beginning.)
        """
        tabs, end = self.lines[at].count("\t"), at
        while end < len(self.lines) and self.lines[end].count("\t") == tabs and self.lines[end].strip():
            end += 1
        found = self.lines[at:end]
        if len(found) < 2 or len(found) * (tabs + 1) > CELLS or all(line[0] == "\t" for line in found):
            self._no_table = end
            return None
        body = "\n".join(_row(line.split("\t"), "td") for line in found)
        return Found(f'<table dir="auto"><tbody>{body}</tbody></table>', end)


def _row(cells: Sequence[str], tag: str) -> str:
    # Tabs between the cells are not displayed, but belong to what is copied and read out.
    return "<tr>" + "\t".join(f'<{tag} dir="auto">{inline(cell)}</{tag}>' for cell in cells) + "</tr>"


def _cells(line: str) -> list[str]:
    """Return the texts between the pipes of a line. Pipes inside code do not count."""
    line = line.strip().removeprefix("|").removesuffix("|")
    found, at = [], 0
    while True:
        cell = _CELL.match(line, at)
        assert cell is not None
        found.append(cell[0].strip())
        at = cell.end() + 1
        if at > len(line):
            return found


def _width(text: str) -> int:
    """Return the width in columns of `text` at the beginning of a line."""
    return len(text.expandtabs(4))


def _dedent(line: str, columns: int) -> str:
    """Remove up to `columns` of white space from the beginning of `line`."""
    text = line.lstrip(" \t")
    space = line[: len(line) - len(text)].expandtabs(4)
    return space[columns:] + text
