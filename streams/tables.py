"""Rows of tables. Pure."""

from collections.abc import Mapping
from typing import Any

Row = dict[str, Any]


def changed_rows(last: Mapping[str, Row] | None, rows: Mapping[str, Row]) -> dict[str, Row | None]:
    """Return the rows that differ from `last`, and null for those that are gone."""
    last = last or {}
    gone: dict[str, Row | None] = dict.fromkeys(last.keys() - rows.keys())
    return gone | {key: row for key, row in rows.items() if last.get(key) != row}
