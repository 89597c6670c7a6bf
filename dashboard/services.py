"""What can be done with boards and streams."""

import logging
import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import hash_token
from dashboard import store
from dashboard.models import Board, ProducerLease, PushToken, State, Stream, Widget
from dashboard.options import POINTS
from dashboard.producers.registry import Producer
from dashboard.protocol import WrongPush, read_push, snapshot_of_stream, unix_ms
from dashboard.values import WrongValue
from realtime.protocol import encode
from realtime.publish import Delivery, Publication, publish_on_commit

log = logging.getLogger(__name__)


class NoSuchBoard(Exception):
    pass


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A board as it is now; `seqs`: up to which seq it shows each topic."""

    event: dict[str, Any]
    seqs: dict[str, int]


# Boards


def board_topics(slug: str) -> set[str]:
    """Return the topics of the streams that a board shows. Raises NoSuchBoard."""
    board = _board(slug)
    return {stream.topic for stream in Stream.objects.filter(widgets__board=board).only("slug")}


def board_snapshot(slug: str, points: int | None = None) -> Snapshot:
    """Return the `snapshot` event of a board, with at most `points` of history. Raises NoSuchBoard.

    Heads are read first and the rest may be newer: what is told afterwards says the same again, no more.
    """
    board = _board(slug)
    widgets = list(board.widgets.all())
    shown = _streams_shown(board)
    streams = {stream.pk: stream for those in shown.values() for stream in those}
    rows = store.rows_of(streams.values())
    history = store.history_of(_points_wanted(widgets, shown, points))
    event = {
        "type": "snapshot",
        "board": {
            "slug": board.slug,
            "title": board.title,
            "widgets": [_widget_on_wire(widget, shown[widget.pk]) for widget in widgets],
        },
        "streams": {
            stream.slug: snapshot_of_stream(stream, rows.get(pk, {}), _until_head(stream, history.get(pk, [])))
            for pk, stream in streams.items()
        },
    }
    return Snapshot(event, {stream.topic: stream.seq for stream in streams.values()})


def board_changed(board: Board) -> None:
    """Have every screen that shows `board` get a new snapshot; call it in the transaction of the change."""
    publish_on_commit([Publication(board.topic, Delivery.CONTROL, encode({"do": "changed"}))])


@transaction.atomic
def delete_board(board: Board) -> None:
    """Delete a board and its tiles; the streams stay, and screens that showed it are told."""
    board_changed(board)
    board.delete()


def _board(slug: str) -> Board:
    try:
        return Board.objects.get(slug=slug)
    except Board.DoesNotExist:
        raise NoSuchBoard from None


def _streams_shown(board: Board) -> dict[int, list[Stream]]:
    """Return the streams of each of a board's widgets, in the order in which they were added."""
    shown: dict[int, list[Stream]] = defaultdict(list)
    links = Widget.streams.through.objects.filter(widget__board=board).select_related("stream").order_by("pk")
    for link in links:
        shown[link.widget_id].append(link.stream)
    return shown


def _points_wanted(
    widgets: Iterable[Widget], shown: Mapping[int, Sequence[Stream]], most: int | None
) -> dict[int, int]:
    """Return how many points of which stream the widgets want; only numbers have a history to draw."""
    wanted: dict[int, int] = {}
    for widget in widgets:
        points = widget.options.get("points", POINTS)
        for stream in shown[widget.pk]:
            if stream.kind == Stream.Kind.NUMBER:
                wanted[stream.pk] = max(points if most is None else min(points, most), wanted.get(stream.pk, 0))
    return wanted


def _until_head(stream: Stream, history: list[store.Point]) -> list[store.Point]:
    """Leave out what came after the head was read: its update is on its way."""
    newest = unix_ms(stream.at) if stream.at else 0
    return [point for point in history if point[0] <= newest]


def _widget_on_wire(widget: Widget, streams: Sequence[Stream]) -> dict[str, Any]:
    return {
        "id": widget.pk,
        "type": widget.type,
        "title": widget.title,
        "streams": [stream.slug for stream in streams],
        "width": widget.width,
        "height": widget.height,
        "options": widget.options,
    }


# Streams


def ensure_produced(producers: Iterable[Producer]) -> dict[str, int]:
    """Make the streams that `producers` feed, where they are missing; return stream ids by slug.

    What a stream has already (label, unit …) stays: the admin may have changed it. A producer whose stream
    is of another kind is left out, with a line in the log.
    """
    found: dict[str, int] = {}
    for producer in producers:
        stream, _ = Stream.objects.get_or_create(
            slug=producer.slug,
            defaults={
                "kind": producer.kind,
                "label": producer.label,
                "unit": producer.unit,
                "stale_after": producer.stale_after,
                "retention": producer.retention,
                "state": State.UNKNOWN,
            },
        )
        if stream.kind != producer.kind:
            log.error("The stream %s is a %s, its producer gives a %s", stream.slug, stream.kind, producer.kind)
            continue
        ProducerLease.objects.get_or_create(stream=stream, defaults={"expires_at": Now() - timedelta(seconds=1)})
        found[producer.slug] = stream.pk
    return found


def last_value(pk: int) -> Any:
    """Return what a producer goes on from: the stream's value, a table's rows by key; None at the first time."""
    stream = Stream.objects.get(pk=pk)
    return store.rows_of([stream])[pk] or None if stream.kind == Stream.Kind.TABLE else stream.value


def create_stream(slug: str, kind: str = Stream.Kind.NUMBER, **fields: Any) -> Stream:
    """Make a stream that is pushed. Raises ValidationError, for a slug that is taken too."""
    stream = Stream(slug=slug, kind=kind, **fields)
    stream.full_clean()
    stream.save()
    return stream


@transaction.atomic
def show_on_board(stream: Stream, board_slug: str) -> Board:
    """Put a tile for `stream` at the end of a board, which is made when there is none."""
    board, made = Board.objects.get_or_create(slug=board_slug, defaults={"title": board_slug.replace("-", " ").title()})
    if made:
        board.full_clean()
    type, width, height = TILES[Stream.Kind(stream.kind)]
    last = board.widgets.aggregate(last=Max("position"))["last"]
    widget = board.widgets.create(type=type, width=width, height=height, position=(last or 0) + 1)
    widget.streams.add(stream)
    board_changed(board)
    return board


#: The tile of each kind of stream: type, columns, rows.
TILES: Final = {
    Stream.Kind.NUMBER: (Widget.Type.NUMBER, 3, 1),
    Stream.Kind.TEXT: (Widget.Type.TEXT, 3, 1),
    Stream.Kind.STATUS: (Widget.Type.STATUS, 3, 1),
    Stream.Kind.TABLE: (Widget.Type.TABLE, 6, 2),
    Stream.Kind.SERIES: (Widget.Type.LINE, 6, 2),
}


@transaction.atomic
def delete_stream(stream: Stream) -> None:
    """Delete a stream with all its history; the boards that showed it get a new snapshot."""
    boards = list(Board.objects.filter(widgets__streams=stream).distinct())
    store.delete(stream)
    for board in boards:
        board_changed(board)


# Pushing


def issue_token(stream: Stream, note: str = "") -> str:
    """Return a new token with which values can be pushed into `stream`; it is stored hashed, so never again."""
    token = "push_" + secrets.token_urlsafe(32)
    PushToken.objects.create(stream=stream, note=note, token_hash=hash_token(token))
    return token


def revoke_token(token: PushToken) -> None:
    PushToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())


def find_token(token: str) -> PushToken | None:
    """Return the unrevoked push token, or None."""
    return PushToken.objects.filter(token_hash=hash_token(token), revoked_at=None).first()


def push(stream: Stream, raw: bytes) -> None:
    """Take the body of a push into `stream`, whole or not at all. Raises WrongPush."""
    pushed = read_push(raw, stream.kind, timezone.now())
    try:
        with transaction.atomic():
            publish_on_commit(store.push(stream, pushed))
    except WrongValue as error:
        raise WrongPush("value", str(error)) from None
