"""What can be done with boards: show, change, delete."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.db.models import Max

from dashboard import store
from dashboard.models import Board, Stream, Widget
from dashboard.options import POINTS
from dashboard.protocol import snapshot_of_stream, unix_ms
from realtime.protocol import encode
from realtime.publish import Delivery, Publication, publish_on_commit


class NoSuchBoard(Exception):
    pass


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A board as it is now; `seqs`: up to which seq it shows each topic."""

    event: dict[str, Any]
    seqs: dict[str, int]


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
