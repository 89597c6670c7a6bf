import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.events import snapshot_of_stream, unix_ms, update_of_rows, update_of_value
from streams.push.json_body import WrongPush, read_push

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@dataclass
class Head:
    slug: str = "orders"
    kind: str = "number"
    label: str = ""
    unit: str = "/min"
    stale_after: float = 60.0
    seq: int = 7
    value: Any = 128
    at: datetime | None = NOW
    state: str = "ok"
    error: str = ""
    retry_at: datetime | None = None
    retention: timedelta = timedelta(days=7)


def test_a_snapshot_of_a_stream_says_everything() -> None:
    assert snapshot_of_stream(Head(), {}, [[1, 2]], 60.0) == {
        "kind": "number",
        "label": "orders",
        "unit": "/min",
        "stale_after": 60.0,
        "kept": 604_800,
        "value": 128,
        "at": "2026-11-21T09:00:00.000Z",
        "seq": 7,
        "state": "ok",
        "error": None,
        "history": [[1, 2]],
        "gap": 60.0,
    }


def test_a_tables_value_in_a_snapshot_is_its_rows() -> None:
    assert snapshot_of_stream(Head(kind="table", value=None), {"NRD": {"bid": 1}}, [], 60.0)["value"] == {
        "NRD": {"bid": 1}
    }


def test_an_update_carries_value_and_health() -> None:
    failing = Head(state="error", error="connection refused", retry_at=NOW + timedelta(seconds=40))
    assert json.loads(update_of_value(failing)) == {
        "type": "update",
        "streams": {
            "orders": {
                "value": 128,
                "at": "2026-11-21T09:00:00.000Z",
                "seq": 7,
                "state": "error",
                "error": "connection refused",
                "retry_at": "2026-11-21T09:00:40.000Z",
            }
        },
    }


def test_an_update_says_how_many_values_it_folds_together_and_keeps_their_points() -> None:
    change = json.loads(update_of_value(Head(), [[1, 126], [2, 127]]))["streams"]["orders"]
    assert change["merged"] == 2
    assert change["points"] == [[1, 126], [2, 127]]


def test_folded_texts_have_no_points() -> None:
    assert "points" not in json.loads(update_of_value(Head(kind="text", value="b"), [[1, "a"]]))["streams"]["orders"]


def test_an_update_of_rows_has_no_value() -> None:
    change = json.loads(update_of_rows(Head(kind="table"), {"NRD": {"bid": 1}, "OSL": None}))["streams"]["orders"]
    assert change["rows"] == {"NRD": {"bid": 1}, "OSL": None}
    assert "value" not in change


def test_a_single_value_is_pushed_with_the_servers_time() -> None:
    assert [(each.value, each.at) for each in read_push(b'{"value": 3}', "number", NOW)] == [(3, NOW)]


def test_a_batch_is_read_oldest_first() -> None:
    body = (
        b'[{"value": 2, "at": "2026-11-21T08:59:00Z"}, {"value": 1, "at": "2026-11-21T09:58:00+01:00"}, {"value": 3}]'
    )
    assert [each.value for each in read_push(body, "number", NOW)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b"\xff", "body"),
        (b'{"value": NaN}', "body"),
        (b'{"value": Infinity}', "body"),
        (b"[" * 100_000, "body"),
        (b"[]", "body"),
        (b"3", "body"),
        (b"{}", "value"),
        (b'{"value": null}', "value"),
        (b'{"value": "3"}', "value"),
        (b'{"value": 1e999}', "body"),
        (b'{"value": 3, "at": "yesterday"}', "at"),
        (b'{"value": 3, "at": 1800000000}', "at"),
        (b'{"value": 3, "at": "2026-11-21T09:00:00"}', "at"),
        (b'{"value": 3, "at": "2026-11-21T09:05:00Z"}', "at"),
        (b'{"value": 3, "at": "0001-01-01T00:00:00+23:00"}', "at"),
        (b'[{"value": 1}, {"value": true}]', "[1].value"),
        (b'[{"value": 1}, 2]', "[1]"),
        (b'[{"value": 1}, {"value": 1, "at": {}}]', "[1].at"),
    ],
)
def test_a_wrong_push_names_the_field(body: bytes, field: str) -> None:
    with pytest.raises(WrongPush) as refused:
        read_push(body, "number", NOW)
    assert refused.value.field == field
    assert refused.value.detail.endswith((".", "…", "}."))


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode), st.sampled_from(["number", "status", "table"]))
def test_no_body_whatever_is_more_than_a_wrong_push(body: bytes, kind: str) -> None:
    try:
        read_push(body, kind, NOW)
    except WrongPush as refused:
        assert refused.field  # noqa: PT017 - most bodies are wrong, some are right


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


@given(json_values, st.sampled_from(["number", "text", "status", "table", "series"]))
def test_no_value_whatever_is_more_than_a_wrong_push(value: Any, kind: str) -> None:
    try:
        pushed = read_push(json.dumps({"value": value}).encode(), kind, NOW)
    except WrongPush as refused:
        assert refused.field in ("value", "body")  # noqa: PT017
    else:
        assert len(pushed) == 1


def test_points_are_unix_milliseconds() -> None:
    assert unix_ms(datetime(1970, 1, 1, 0, 0, 1, 500, tzinfo=UTC)) == 1000
