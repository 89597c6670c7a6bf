"""Turns results of queries and feeds into values of streams. Pure."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from datetime import time as time_of_day
from decimal import Decimal
from typing import Any
from uuid import UUID

from streams.tables import Row, changed_rows
from streams.values import KEY_CHARACTERS, ROWS, TEXT_CHARACTERS


class QueryFailed(Exception):
    """There is no value; the text is a sentence for people that says why."""


@dataclass(frozen=True, slots=True)
class Result:
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


def value_of(result: Result, shape: str, last: Mapping[str, Row] | None) -> Any:
    """Return the value for a stream; for a row or table only what differs from `last`. Raises QueryFailed."""
    if len(result.rows) > ROWS:
        raise QueryFailed(f"More than {ROWS} rows: a LIMIT helps.")
    if shape == "table":
        return changed_rows(last, _table(result))
    if len(result.rows) != 1:
        raise QueryFailed(f"{len(result.rows)} rows, and one is wanted.")
    if shape == "row":
        cells = zip(result.columns, result.rows[0], strict=True)
        return changed_rows(last, {name[:KEY_CHARACTERS]: {"value": plain(cell)} for name, cell in cells})
    if len(result.columns) != 1:
        raise QueryFailed(f"{len(result.columns)} columns, and one is wanted.")
    value = plain(result.rows[0][0])
    if value is None:
        raise QueryFailed("The value is NULL: COALESCE gives another.")
    return str(value) if shape == "text" else value


def _table(result: Result) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    for cells in result.rows:
        key = "–" if cells[0] is None else str(plain(cells[0]))[:KEY_CHARACTERS] or "–"
        if key in rows:
            raise QueryFailed(f"The first column names the rows, and {key} stands there twice.")
        rows[key] = {name: plain(cell) for name, cell in zip(result.columns[1:], cells[1:], strict=True)}
    return rows


def plain(cell: Any) -> str | int | float | bool | None:
    """Return a database's cell as text, number, true, false or null."""
    if cell is None or isinstance(cell, bool | int):
        return cell
    if isinstance(cell, float | Decimal):
        number = float(cell)
        return number if math.isfinite(number) else None
    if isinstance(cell, date | time_of_day):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return cell.total_seconds()
    if isinstance(cell, str | UUID):
        return str(cell).replace("\0", "")[:TEXT_CHARACTERS]
    if isinstance(cell, list | dict):
        return json.dumps(cell, ensure_ascii=False, default=str)[:TEXT_CHARACTERS]
    if isinstance(cell, bytes | bytearray | memoryview):
        raise QueryFailed("A column holds bytes, which no tile can show.")
    return str(cell)[:TEXT_CHARACTERS]  # other types, such as an address or a range
