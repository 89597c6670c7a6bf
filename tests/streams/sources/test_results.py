from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from ipaddress import ip_interface
from typing import Any
from uuid import UUID

import pytest

from streams.sources.results import QueryFailed, Result, plain, value_of
from streams.tables import changed_rows


def test_one_number_and_one_text() -> None:
    assert value_of(Result(["n"], [(Decimal("1.5"),)]), "number", None) == 1.5
    assert value_of(Result(["n"], [(42,)]), "text", None) == "42"


def test_a_row_has_a_line_for_each_column() -> None:
    result = Result(["open", "closed"], [(3, 4)])
    assert value_of(result, "row", None) == {"open": {"value": 3}, "closed": {"value": 4}}


def test_a_table_gives_what_is_not_as_before() -> None:
    result = Result(["name", "n"], [("a", 1), ("b", 2), (None, 3)])
    last = {"a": {"n": 1}, "gone": {"n": 9}}
    assert value_of(result, "table", last) == {"b": {"n": 2}, "–": {"n": 3}, "gone": None}


def test_nothing_changed_is_an_empty_change() -> None:
    assert changed_rows({"a": {"n": 1}}, {"a": {"n": 1}}) == {}


@pytest.mark.parametrize(
    ("rows", "shape", "words"),
    [
        ([], "number", "0 rows, and one is wanted"),
        ([(1,), (2,)], "row", "2 rows, and one is wanted"),
        ([(1, 2)], "number", "2 columns, and one is wanted"),
        ([(None,)], "number", "NULL"),
        ([("a",), ("a",)], "table", "a stands there twice"),
        ([(number,) for number in range(2001)], "table", "More than 2000 rows"),
        ([(b"\x00",)], "number", "holds bytes"),
    ],
)
def test_what_is_no_value_is_said_in_a_sentence(rows: Any, shape: str, words: str) -> None:
    columns = ["a", "b"][: len(rows[0]) if rows else 1]
    with pytest.raises(QueryFailed, match=words):
        value_of(Result(columns, rows), shape, None)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (Decimal("2.50"), 2.5),
        (float("nan"), None),
        (True, True),
        (date(2026, 1, 31), "2026-01-31"),
        (datetime(2026, 1, 31, 9, tzinfo=UTC), "2026-01-31T09:00:00+00:00"),
        (timedelta(minutes=1), 60.0),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ("a\0b", "ab"),
        (["x"], '["x"]'),
        (ip_interface("10.0.0.1/8"), "10.0.0.1/8"),
    ],
)
def test_cells_become_plain(cell: Any, value: Any) -> None:
    assert plain(cell) == value
