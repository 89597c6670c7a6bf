"""The events of streams on the wire (docs/protocol.md). Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from realtime.wire.protocol import encode, timestamp
from streams.values import Kind

#: When an update merges several values, it still carries this many of them as points for charts.
FOLDED_POINTS: Final = 300

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class StreamHead(Protocol):
    """The part of a stream that its events carry."""

    slug: str
    kind: str
    label: str
    unit: str
    stale_after: float
    seq: int
    value: Any
    at: datetime | None
    state: str
    error: str
    retry_at: datetime | None
    retention: timedelta


def unix_ms(moment: datetime) -> int:
    """Return whole milliseconds, rounded down as in `timestamp`, so that a point has the time of its update."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


def snapshot_of_stream(
    stream: StreamHead, rows: Mapping[str, Any], history: Sequence[Sequence[Any]], gap: float
) -> dict[str, Any]:
    """Return a stream in the form of a snapshot. The value of a table is its rows by key.

    `gap`: two points of `history` further apart than this many seconds have a gap between them.
    """
    return {
        **_nature(stream),
        "value": rows if stream.kind == Kind.TABLE else stream.value,
        **_health(stream),
        "history": history,
        "gap": gap,
    }


def past_of_stream(
    stream: StreamHead, head: Sequence[Sequence[Any]], history: Sequence[Sequence[Any]], gap: float
) -> dict[str, Any]:
    """Return a stream as it was. `head` has its newest point at that time, if there was one.

    For a table, the time of its last change is known, but not when its producer last confirmed it.
    """
    at, value = head[-1] if head else (None, None)
    nature = _nature(stream)
    return {
        **(nature | {"stale_after": None} if stream.kind == Kind.TABLE else nature),
        "value": value,
        "at": None if at is None else timestamp(datetime.fromtimestamp(at / 1000, UTC)),
        "seq": 0,
        "state": None,
        "error": None,
        "history": [[then, value if then == at else mean] for then, mean in history],
        "gap": gap,
    }


def _nature(stream: StreamHead) -> dict[str, Any]:
    return {
        "kind": stream.kind,
        "label": stream.label or stream.slug,
        "unit": stream.unit,
        "stale_after": stream.stale_after,
        "kept": round(stream.retention.total_seconds()),
    }


def update_of_value(stream: StreamHead, folded: Sequence[Sequence[Any]] = ()) -> str:
    """Return the `update` event of a stream's newest value.

    `folded`: older points `[unix ms, value]` of the same batch, which get no event of their own.
    """
    change = {"value": stream.value, **_health(stream)}
    if folded:
        change["merged"] = len(folded)
        if stream.kind == Kind.NUMBER:
            change["points"] = folded[-FOLDED_POINTS:]
    return encode({"type": "update", "streams": {stream.slug: change}})


def update_of_rows(stream: StreamHead, rows: Mapping[str, Any]) -> str:
    """Return the `update` event of some rows of a table (null: gone). With no rows, it is about the state only."""
    return encode({"type": "update", "streams": {stream.slug: {"rows": rows, **_health(stream)}}})


def _health(stream: StreamHead) -> dict[str, Any]:
    health = {
        "at": timestamp(stream.at) if stream.at else None,
        "seq": stream.seq,
        "state": stream.state,
        "error": stream.error or None,
    }
    if stream.retry_at:
        health["retry_at"] = timestamp(stream.retry_at)
    return health
