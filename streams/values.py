"""The valid values of each kind of stream. Pure."""

import math
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from numbers import Real
from typing import Any, Final

LEVELS: Final = ("ok", "warn", "crit", "info", "unknown")
TEXT_CHARACTERS: Final = 2_000
ROWS: Final = 2_000
COLUMNS: Final = 30
#: The limit on all cells of one change together, since each viewer is sent the whole change.
TABLE_CHARACTERS: Final = 1_000_000
KEY_CHARACTERS: Final = 100
SERIES_POINTS: Final = 2_000


class Kind(StrEnum):
    """The kinds of stream.

    `number`: a finite number. `text`: up to 2,000 characters. `status`: a level (ok, warn, crit, info, unknown) or
    `{"level", "text"}`. `table`: `{key: row | null}`, the rows that changed (null: gone); a row is an object of
    plain values. `series`: a whole chart line at once, `[[unix ms, number | null], …]`.
    """

    NUMBER = "number"
    TEXT = "text"
    STATUS = "status"
    TABLE = "table"
    SERIES = "series"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a producer gave at one time: a value (None: no news), or its error and the time of the next try."""

    at: datetime
    value: Any = None
    error: str = ""
    retry_at: datetime | None = None


class WrongValue(ValueError):
    """The stream can't take this value; the text is a sentence for people."""


def check_kind(kind: str) -> None:
    """Raise ValueError with a sentence unless `kind` is a kind of stream."""
    if kind not in list(Kind):
        raise ValueError(f"There is no kind {kind!r}: give one of {', '.join(Kind)}.")


def check_value(kind: str, value: Any) -> None:
    """Raise WrongValue unless `value` (as decoded from JSON) is valid for a stream of `kind`."""
    _CHECKS[Kind(kind)](value)


def as_number(value: Any) -> Any:
    """Return numbers of other types, such as Decimal or numpy's, as float; other values unchanged."""
    if isinstance(value, bool | int | float) or not isinstance(value, Decimal | Real):
        return value
    return float(value)


def level_of(value: Any) -> str | None:
    """Return the level of a status; None when `value` is not a status."""
    level = value.get("level") if isinstance(value, dict) else value
    return level if isinstance(level, str) and level in LEVELS else None


def is_number(value: Any) -> bool:
    """True for a number that JSON, both databases and a browser can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def is_text(value: Any) -> bool:
    """True for text that both databases can hold: no NUL, no lone surrogate."""
    return (
        isinstance(value, str)
        and len(value) <= TEXT_CHARACTERS
        and "\0" not in value
        and not any("\ud800" <= sign <= "\udfff" for sign in value)
    )


def _check_number(value: Any) -> None:
    if not is_number(value):
        words = {str: "a text", bool: "true or false", list: "a list", dict: "an object", int: "one so large"}
        name = str(value) if isinstance(value, float) else words.get(type(value), type(value).__name__)
        raise WrongValue(f"A number stream takes a finite number, not {name}.")


def _check_text(value: Any) -> None:
    if not is_text(value):
        raise WrongValue(f"A text stream takes a string of up to {TEXT_CHARACTERS} characters.")


def _check_status(value: Any) -> None:
    said = value if isinstance(value, dict) else {"level": value}
    if level_of(said) is None or not is_text(said.get("text", "")) or said.keys() - {"level", "text"}:
        raise WrongValue(f'A status stream takes one of {", ".join(LEVELS)}, or {{"level": …, "text": …}}.')


def _check_table(value: Any) -> None:
    if not isinstance(value, dict):
        raise WrongValue("A table stream takes an object of rows by key, null for a row that is gone.")
    if len(value) > ROWS:
        raise WrongValue(f"A table takes up to {ROWS} rows.")
    if _text_in(value) > TABLE_CHARACTERS:
        raise WrongValue(f"A table takes up to {TABLE_CHARACTERS} characters of text at once.")
    for key, row in value.items():
        if not is_text(key) or not 0 < len(key) <= KEY_CHARACTERS:
            raise WrongValue(f"A row's key has 1 to {KEY_CHARACTERS} characters.")
        if row is not None:
            _check_row(key, row)


def _text_in(rows: dict[Any, Any]) -> int:
    cells = (cell for row in rows.values() if isinstance(row, dict) for cell in row.values())
    return sum(len(cell) for cell in cells if isinstance(cell, str))


def _check_row(key: str, row: Any) -> None:
    if not isinstance(row, dict) or len(row) > COLUMNS:
        raise WrongValue(f"Row {key!r}: a row is an object with up to {COLUMNS} fields.")
    for name, cell in row.items():
        plain = cell is None or isinstance(cell, bool) or is_number(cell) or is_text(cell)
        if not plain or not is_text(name) or len(name) > KEY_CHARACTERS:
            raise WrongValue(f"Row {key!r}: fields hold text, numbers, true, false or null.")


def _check_series(value: Any) -> None:
    if not isinstance(value, list) or len(value) > SERIES_POINTS or not all(_is_point(point) for point in value):
        raise WrongValue(f"A series takes up to {SERIES_POINTS} points [unix milliseconds, number or null].")


def _is_point(point: Any) -> bool:
    return (
        isinstance(point, list)
        and len(point) == 2
        and is_number(point[0])
        and (point[1] is None or is_number(point[1]))
    )


_CHECKS: Final = {
    Kind.NUMBER: _check_number,
    Kind.TEXT: _check_text,
    Kind.STATUS: _check_status,
    Kind.TABLE: _check_table,
    Kind.SERIES: _check_series,
}
