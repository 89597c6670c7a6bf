from typing import Any

import pytest

from streams.values import ROWS, Kind, WrongValue, check_value

GOOD: list[tuple[Kind, Any]] = [
    (Kind.NUMBER, 0),
    (Kind.NUMBER, -1.5),
    (Kind.NUMBER, 10**20),
    (Kind.TEXT, ""),
    (Kind.TEXT, "e\u0301 👩‍👩‍👧 <b>"),
    (Kind.STATUS, "ok"),
    (Kind.STATUS, {"level": "crit", "text": "no answer"}),
    (Kind.STATUS, {"level": "warn"}),
    (Kind.TABLE, {}),
    (Kind.TABLE, {"NRD": {"bid": 1.5, "name": "Nord", "open": True, "note": None}, "OSL": None}),
    (Kind.SERIES, []),
    (Kind.SERIES, [[1_800_000_000_000, 1], [1_800_000_001_000, None]]),
]
WRONG: list[tuple[Kind, Any]] = [
    (Kind.STATUS, {"level": "ok", "more": []}),
    (Kind.STATUS, {"level": ["ok"]}),
    (Kind.TABLE, {str(row): {"text": "x" * 1_000} for row in range(1_001)}),
    (Kind.NUMBER, "1"),
    (Kind.NUMBER, True),
    (Kind.NUMBER, None),
    (Kind.NUMBER, float("nan")),
    (Kind.NUMBER, float("inf")),
    (Kind.NUMBER, 10**400),
    (Kind.NUMBER, [1]),
    (Kind.TEXT, 1),
    (Kind.TEXT, "x" * 2001),
    (Kind.TEXT, "nul\0"),
    (Kind.TEXT, "half \ud800"),
    (Kind.STATUS, "fine"),
    (Kind.STATUS, ["ok"]),
    (Kind.STATUS, {"text": "no level"}),
    (Kind.STATUS, {"level": "ok", "text": 3}),
    (Kind.TABLE, []),
    (Kind.TABLE, {"": {}}),
    (Kind.TABLE, {"k" * 101: {}}),
    (Kind.TABLE, {"a": 1}),
    (Kind.TABLE, {"a": {"b": [1]}}),
    (Kind.TABLE, {"a": {"b": {"c": 1}}}),
    (Kind.TABLE, {"a": {str(number): 1 for number in range(31)}}),
    (Kind.TABLE, {str(number): {} for number in range(ROWS + 1)}),
    (Kind.SERIES, [1, 2]),
    (Kind.SERIES, [[1]]),
    (Kind.SERIES, [[1, "2"]]),
    (Kind.SERIES, {"0": 1}),
]


@pytest.mark.parametrize(("kind", "value"), GOOD)
def test_a_value_of_its_kind_is_taken(kind: Kind, value: Any) -> None:
    check_value(kind, value)


@pytest.mark.parametrize(("kind", "value"), WRONG)
def test_any_other_value_is_refused_with_a_sentence(kind: Kind, value: Any) -> None:
    with pytest.raises(WrongValue, match=r"^[A-Z].*\.$"):
        check_value(kind, value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("1", "not a text"),
        (True, "not true or false"),
        (float("nan"), "not nan"),
        ([1], "not a list"),
        pytest.param(10**5000, "not one so large", id="huge"),
        (None, "not None"),
    ],
)
def test_what_is_no_number_is_called_by_its_name(value: Any, words: str) -> None:
    with pytest.raises(WrongValue, match=words):
        check_value(Kind.NUMBER, value)
