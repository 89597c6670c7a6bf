"""InfluxDB's line protocol, as Telegraf's `outputs.http` sends it. Pure.

https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/
"""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from streams.push.json_body import AHEAD, PUSHED_VALUES, WrongPush
from streams.pushed import Pushed
from streams.values import KEY_CHARACTERS, Kind, WrongValue, check_value

#: Nanoseconds in one step of a timestamp, by the parameter `precision`.
PRECISIONS: Final = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}

# A backslash escapes a character that would end the token; before any other it is an ordinary character.
_MEASUREMENT: Final = re.compile(r"(?:[^\\, \n]|\\[, ]|\\(?![, ]))+")
_NAME: Final = re.compile(r"(?:[^\\,= \n]|\\[,= ]|\\(?![,= ]))+")
_TEXT: Final = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_WORD: Final = re.compile(r"[^, \n\r]+")
_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\Z")
_WHOLE: Final = re.compile(r"([+-]?\d{1,20})[iu]\Z")
_TRUTH: Final = {
    **dict.fromkeys(("t", "T", "true", "True", "TRUE"), True),
    **dict.fromkeys(("f", "F", "false", "False", "FALSE"), False),
}

Cell = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the protocol. `at` is None when it has no time."""

    measurement: str
    tags: Mapping[str, str]
    fields: Mapping[str, Cell]
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Selection:
    """Which lines a stream takes, and which of their fields. Empty settings match everything."""

    measurement: str = ""
    field: str = ""
    tags: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def fits(self, line: Line) -> bool:
        return (
            self.measurement in ("", line.measurement)
            and (not self.field or self.field in line.fields)
            and all(line.tags.get(name) == value for name, value in self.tags.items())
        )


def read_influx(raw: bytes, kind: str, now: datetime, selection: Selection, precision: str = "ns") -> list[Pushed]:
    """Return the values in `body` for a stream of `kind`, oldest first; none when no line fits. Raises WrongPush."""
    lines = [line for line in read_lines(raw, precision) if selection.fits(line)]
    if any(line.at and line.at > now + AHEAD for line in lines):
        raise WrongPush("time", f"A time is more than {AHEAD.seconds} s ahead of the server's: is it in {precision}?")
    lines.sort(key=lambda line: line.at or now)
    if kind == Kind.TABLE:
        return _table(lines, now, selection)
    if kind == Kind.SERIES:
        raise WrongPush("body", "A series takes JSON, not lines.")
    series = list(dict.fromkeys((line.measurement, *sorted(line.tags.items())) for line in lines))
    if len(series) > 1:
        apart = set(series[0]) ^ set(series[1])
        raise WrongPush(
            "tag", f"Lines of several series fit ({_in_words(apart)}): choose with ?measurement=… or ?tag.NAME=…"
        )
    return [Pushed(_one_value(line, kind, selection), *_time(line, now)) for line in lines]


def _time(line: Line, now: datetime) -> tuple[datetime, bool]:
    """Return the time of a line, and whether this is only the present time."""
    return (now, True) if line.at is None else (min(line.at, now), False)


def _in_words(parts: set[Any]) -> str:
    return ", ".join(sorted("=".join(part) if isinstance(part, tuple) else str(part) for part in parts))[:200]


def _one_value(line: Line, kind: str, selection: Selection) -> Any:
    if not selection.field and len(line.fields) > 1:
        raise WrongPush("field", f"Lines have several fields: choose with ?field={sorted(line.fields)[0]}, say.")
    name = selection.field or next(iter(line.fields))
    value: Any = line.fields[name]
    if kind == Kind.NUMBER and isinstance(value, bool):
        value = int(value)
    elif kind == Kind.TEXT:
        value = str(value)
    _check(kind, value, name)
    return value


def _table(lines: Sequence[Line], now: datetime, selection: Selection) -> list[Pushed]:
    """Return one value with a row per series.

    The tags that did not select it make its key; its fields are the cells.
    """
    rows: dict[str, dict[str, Cell]] = {}
    for line in lines:
        words = [value for name, value in sorted(line.tags.items()) if name not in selection.tags]
        row = rows.setdefault((" ".join(words) or line.measurement)[:KEY_CHARACTERS], {})
        row |= {name: value for name, value in line.fields.items() if selection.field in ("", name)}
    _check(Kind.TABLE, rows, "body")
    return [Pushed(rows, *max(_time(line, now) for line in lines))] if rows else []


def _check(kind: str, value: Any, name: str) -> None:
    try:
        check_value(kind, value)
    except WrongValue as error:
        raise WrongPush(name, str(error)) from None


def read_lines(raw: bytes, precision: str = "ns") -> list[Line]:
    """Return the lines of a body. Raises WrongPush; its `field` is the number of the faulty line."""
    if precision not in PRECISIONS:
        raise WrongPush("precision", f"A precision is one of {', '.join(PRECISIONS)}.")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise WrongPush("body", "The lines are not UTF-8.") from None
    if "\0" in text:
        raise WrongPush("body", "Text may not hold the NUL character.")
    reader = _Reader(text, PRECISIONS[precision])
    lines: list[Line] = []
    while (line := reader.next_line()) is not None:
        if len(lines) == PUSHED_VALUES:
            raise WrongPush("body", f"Push up to {PUSHED_VALUES} lines at once.")
        lines.append(line)
    return lines


class _Reader:
    def __init__(self, text: str, step: int) -> None:
        self.text = text
        self.step = step
        self.place = 0

    def next_line(self) -> Line | None:
        while self.place < len(self.text):
            if self._skip("\n", "\r", " ", "\t"):
                continue
            if self.text[self.place] == "#":
                end = self.text.find("\n", self.place)
                self.place = len(self.text) if end < 0 else end
                continue
            return self._line()
        return None

    def _line(self) -> Line:
        measurement = re.sub(r"\\([, ])", r"\1", self._match(_MEASUREMENT, "a measurement")[0])
        tags = {}
        while self._skip(","):
            name = self._name("the name of a tag")
            self._insist("=", "a tag's value")
            tags[name] = self._name("a tag's value")
        self._insist(" ", "fields")
        fields = {}
        while True:
            name = self._name("the name of a field")
            self._insist("=", "a field's value")
            fields[name] = self._value()
            if not self._skip(","):
                break
        at = self._time() if self._skip_blanks() and not self._is_at_end() else None
        self._skip_blanks()
        if not self._is_at_end():
            raise self._wrong("the end of the line")
        return Line(measurement, tags, fields, at)

    def _value(self) -> Cell:
        if self.text.startswith('"', self.place):
            return re.sub(r'\\(["\\])', r"\1", self._match(_TEXT, "the end of a text")[1])
        word = self._match(_WORD, "a value")[0]
        if word in _TRUTH:
            return _TRUTH[word]
        if whole := _WHOLE.match(word):
            return int(whole[1])
        if _NUMBER.match(word):
            return float(word)
        raise self._wrong("a number, a whole number such as 3i, true, false or a text in quotes", word)

    def _time(self) -> datetime:
        word = self._match(_WORD, "a time")[0]
        if not re.fullmatch(r"-?\d{1,19}", word):
            raise self._wrong("a time as a whole number", word)
        try:
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(word) * self.step // 1_000)
        except OverflowError:
            raise self._wrong("a time that there is", word) from None

    def _name(self, what: str) -> str:
        return re.sub(r"\\([,= ])", r"\1", self._match(_NAME, what)[0])

    def _match(self, pattern: re.Pattern[str], what: str) -> re.Match[str]:
        found = pattern.match(self.text, self.place)
        if found is None:
            raise self._wrong(what)
        self.place = found.end()
        return found

    def _insist(self, sign: str, before: str) -> None:
        if not self._skip(sign):
            raise self._wrong(f"{'a blank' if sign == ' ' else repr(sign)} and {before}")

    def _skip_blanks(self) -> bool:
        began = self.place
        while self._skip(" "):
            pass
        return self.place > began

    def _skip(self, *signs: str) -> bool:
        if self.text.startswith(signs, self.place):
            self.place += 1
            return True
        return False

    def _is_at_end(self) -> bool:
        return self.place == len(self.text) or self.text[self.place] in "\r\n"

    def _wrong(self, wanted: str, instead: str = "") -> WrongPush:
        number = self.text.count("\n", 0, self.place) + 1
        found = instead or self.text[self.place : self.place + 20].partition("\n")[0]
        return WrongPush(f"line {number}", f"Expected {wanted} where {found!r} stands.")
