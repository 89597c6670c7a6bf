"""What boards say on the wire and over HTTP. Pure; `docs/protocol.md` is the description for people."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Protocol

import msgspec

from dashboard.values import Kind, WrongValue, check_value
from realtime.protocol import Command, decode_json, encode, timestamp

#: How many values one push may bring.
PUSHED_VALUES: Final = 10_000
#: How far ahead of the server's clock a pushed `at` may be; it counts as now, or what follows in time would seem older.
AHEAD: Final = timedelta(seconds=60)
#: How many of the values that an update folds together it still carries, for charts.
FOLDED_POINTS: Final = 300

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

#: How many boards one socket may watch.
WATCHED: Final = 50

BoardSlug = Annotated[str, msgspec.Meta(pattern=r"\A[a-zA-Z0-9_-]{1,80}\Z")]


class Watch(Command, tag="watch"):
    """Show exactly these boards, with at most `points` of each stream's history."""

    boards: Annotated[list[BoardSlug], msgspec.Meta(max_length=WATCHED)]
    points: Annotated[int, msgspec.Meta(ge=2, le=1000)] = 60


class Report(Command, tag="report"):
    """What a screen shows now, from which build its page is, and how many seconds ago it painted last."""

    board: Annotated[str, msgspec.Meta(max_length=80)] = ""
    build: Annotated[str, msgspec.Meta(max_length=40)] = ""
    painted: Annotated[float, msgspec.Meta(ge=0, le=1e9)] = 0


class JoinRoom(Command, tag="join"):
    """Show what is said in a room that has a tile on the wall."""

    room: Annotated[str, msgspec.Meta(max_length=60)]
    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50


class LeaveRoom(Command, tag="leave"):
    room: Annotated[str, msgspec.Meta(max_length=60)]


#: How many tiles a board may have, and streams one tile.
TILES: Final = 60
STREAMS: Final = 12


class TileEdit(msgspec.Struct):
    """A tile as an editor wants it; an `id` that is no tile of the board, or none, makes a new one."""

    type: Annotated[str, msgspec.Meta(max_length=8)]
    id: int | None = None
    title: Annotated[str, msgspec.Meta(max_length=80)] = ""
    streams: Annotated[list[str], msgspec.Meta(max_length=STREAMS)] = []
    width: Annotated[int, msgspec.Meta(ge=2, le=12)] = 3
    height: Annotated[int, msgspec.Meta(ge=1, le=6)] = 1
    options: dict[str, Any] = {}


class BoardEdit(msgspec.Struct):
    """A board's whole layout as an editor wants it, made from `version`."""

    version: Annotated[int, msgspec.Meta(ge=1)]
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    widgets: Annotated[list[TileEdit], msgspec.Meta(max_length=TILES)]
    zone: Annotated[str, msgspec.Meta(max_length=64)] = ""


class WrongEdit(ValueError):
    """An edit that can't be made. `field` names what is wrong, such as `widgets[2].width`."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field
        self.detail = detail


def read_edit(body: Any) -> BoardEdit:
    """Return the layout in the body of an edit. Raises WrongEdit."""
    try:
        return msgspec.convert(body, BoardEdit)
    except msgspec.ValidationError as error:
        detail, _, place = str(error).partition(" - at `$")
        missing = re.search(r"field `(\w+)`", detail)
        field = place.rstrip("`").lstrip(".")
        if missing:
            field = f"{field}.{missing[1]}".lstrip(".")
        raise WrongEdit(field or "body", f"{detail}.") from None


def read_moment(text: str, now: datetime) -> datetime:
    """Return the time that a board shall be shown at. Raises ValueError with a sentence."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("Give a time as 2026-01-31T09:00:00Z, with its zone.") from None
    if moment > now:
        raise ValueError("That time has not come yet.")
    return moment


class WrongPush(ValueError):
    """A push that can't be taken. `field` names what is wrong, such as `value` or `[3].at`."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Pushed:
    """A value and its time; `is_now`: nobody gave one, so it is the time at which the value is stored."""

    value: Any
    at: datetime
    is_now: bool = False


class StreamHead(Protocol):
    """As much of a stream as its events tell."""

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
    """Return whole milliseconds, rounded down as in `timestamp`: what a point has is what its update said."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


def snapshot_of_stream(
    stream: StreamHead, rows: Mapping[str, Any], history: Sequence[Sequence[Any]], gap: float
) -> dict[str, Any]:
    """Return a stream as the snapshot has it; a table's value is its rows by key.

    `gap`: seconds between two points of `history` in which nothing was measured.
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
    """Return a stream as it was: `head` has its newest point then, if there was one.

    Of a table it is known when its rows changed, not when somebody said last that they had not.
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

    `folded`: older points `[unix ms, value]` that came in the same batch and get no event of their own.
    """
    change = {"value": stream.value, **_health(stream)}
    if folded:
        change["merged"] = len(folded)
        if stream.kind == Kind.NUMBER:
            change["points"] = folded[-FOLDED_POINTS:]
    return encode({"type": "update", "streams": {stream.slug: change}})


def update_of_rows(stream: StreamHead, rows: Mapping[str, Any]) -> str:
    """Return the `update` event of some rows of a table (null: gone); no rows: of its state alone."""
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


def read_push(raw: bytes, kind: str, now: datetime) -> list[Pushed]:
    """Return the values of a push to a stream of `kind`, oldest first; WrongPush when any of them is wrong."""
    try:
        body = decode_json(raw)
    except ValueError as error:
        raise WrongPush("body", str(error)) from None
    if not isinstance(body, list):
        return [_read_pushed(body, kind, now, "")]
    if not 0 < len(body) <= PUSHED_VALUES:
        raise WrongPush("body", f"Push 1 to {PUSHED_VALUES} values at once.")
    pushed = [_read_pushed(item, kind, now, f"[{index}].") for index, item in enumerate(body)]
    return sorted(pushed, key=lambda each: each.at)


def _read_pushed(item: Any, kind: str, now: datetime, place: str) -> Pushed:
    if not isinstance(item, dict):
        raise WrongPush(place.rstrip(".") or "body", 'Push an object {"value": …, "at"?: …} or an array of them.')
    if "value" not in item:
        raise WrongPush(f"{place}value", "There is no value.")
    try:
        check_value(kind, item["value"])
    except WrongValue as error:
        raise WrongPush(f"{place}value", str(error)) from None
    at = item.get("at")
    if at is None:
        return Pushed(item["value"], now, is_now=True)
    return Pushed(item["value"], _read_time(at, now, f"{place}at"))


def _read_time(text: Any, now: datetime, field: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError
        moment = moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise WrongPush(field, "Give a time as 2026-01-31T09:00:00Z, with its zone.") from None
    if moment > now + AHEAD:
        raise WrongPush(field, f"That time is more than {AHEAD.seconds} s ahead of the server's.")
    return min(moment, now)
