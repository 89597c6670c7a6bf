"""What can be done with boards: show, change, delete."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import F, Max, QuerySet
from django.http import HttpRequest

from accounts.models import User
from boards.models import Board, Widget
from boards.options import POINTS
from realtime.delivery.publish import Delivery, Publication, publish_on_commit
from realtime.wire.protocol import encode, timestamp
from streams import history, store
from streams.events import past_of_stream, snapshot_of_stream, unix_ms
from streams.models import Stream
from web.markdown import render

#: The most points of history in a snapshot, at about 25 bytes each. Tiles that want more share these.
MOST_POINTS: Final = 50_000


class NoSuchBoard(Exception):
    pass


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A board as it is now. `seqs`: for each topic, the seq up to which it shows the stream."""

    event: dict[str, Any]
    seqs: dict[str, int]


def visible_boards(user: User | AnonymousUser) -> QuerySet[Board]:
    """Return the boards that `user` may see; guests see those that are open to them."""
    if isinstance(user, User):
        return Board.objects.filter(guests=True) if user.is_guest else Board.objects.all()
    return Board.objects.none()


def board_topics(slug: str, *, for_guest: bool = False) -> set[str]:
    """Return the topics of a board's streams.

    Raises NoSuchBoard, also for guests when the board is not open to them.
    """
    board = find_board(slug, for_guest=for_guest)
    return {stream.topic for stream in Stream.objects.filter(widgets__board=board).only("slug")}


def board_snapshot(slug: str, most: int | None = None, *, for_guest: bool = False) -> Snapshot:
    """Return the `snapshot` event of a board, with at most `most` points of history. Raises NoSuchBoard.

    Heads are read first, so the rest may be newer. The updates that follow then only repeat it.
    """
    board = find_board(slug, for_guest=for_guest)
    widgets, shown = list(board.widgets.all()), _streams_shown(board)
    streams = {stream.pk: stream for those in shown.values() for stream in those}
    rows = store.rows_of(streams.values())
    wanted = _history_wanted(widgets, shown, most)
    points = history.history_of(wanted)
    gaps = history.gaps(streams, wanted, points)
    event = {
        "type": "snapshot",
        "board": _on_wire(board, widgets, shown),
        "streams": {
            stream.slug: snapshot_of_stream(stream, rows.get(pk, {}), _until_head(stream, points.get(pk, [])), gaps[pk])
            for pk, stream in streams.items()
        },
    }
    return Snapshot(event, {stream.topic: stream.seq for stream in streams.values()})


def board_at(slug: str, moment: datetime, *, for_guest: bool = False) -> dict[str, Any]:
    """Return the `snapshot` event of a board with the values as they were at `moment`. Raises NoSuchBoard.

    The tiles are the present ones. The state of the producers at that time was not stored, so `state` is null.
    """
    board = find_board(slug, for_guest=for_guest)
    widgets, shown = list(board.widgets.all()), _streams_shown(board)
    streams = {stream.pk: stream for those in shown.values() for stream in those}
    heads = history.heads_at(streams.values(), moment)
    wanted = _history_wanted(widgets, shown, None)
    points = history.history_of(wanted, moment)
    gaps = history.gaps(streams, wanted, points)
    return {
        "type": "snapshot",
        "at": timestamp(moment),
        "board": _on_wire(board, widgets, shown),
        "streams": {
            stream.slug: past_of_stream(stream, heads.get(pk, []), points.get(pk, []), gaps[pk])
            for pk, stream in streams.items()
        },
    }


def board_layout(slug: str) -> dict[str, Any]:
    """Return a board's layout in the form of the wire protocol. Raises NoSuchBoard."""
    board = find_board(slug)
    return _on_wire(board, list(board.widgets.all()), _streams_shown(board))


def board_changed(board: Board) -> None:
    """Send a new snapshot to every screen that shows `board`; call it in the transaction of the change."""
    Board.objects.filter(pk=board.pk).update(version=F("version") + 1)
    publish_on_commit([Publication(board.topic, Delivery.CONTROL, encode({"do": "changed"}))])


def stream_changed(stream: Stream) -> None:
    """Tell every screen that shows `stream` its new label, unit …; call it in the transaction of the change."""
    for board in Board.objects.filter(widgets__streams=stream).distinct():
        board_changed(board)


_before_delete: Final[list[Callable[[Board], None]]] = []


def before_delete(call: Callable[[Board], None]) -> None:
    """Run `call` before a board is deleted, in the same transaction. Call this in `AppConfig.ready`."""
    _before_delete.append(call)


@transaction.atomic
def delete_board(board: Board) -> None:
    """Delete a board and its tiles, and tell the screens that showed it. The streams stay."""
    board_changed(board)
    for call in _before_delete:
        call(board)
    board.delete()


def find_board(slug: str, *, for_guest: bool = False) -> Board:
    """Return the board at this address. Raises NoSuchBoard, also for guests when it is not open to them."""
    board = Board.objects.filter(slug=slug).first()
    if board is None or (for_guest and not board.guests):
        raise NoSuchBoard
    return board


def in_sidebar(request: HttpRequest) -> list[dict[str, str]]:
    """Return address and title of the boards that a page's sidebar lists."""
    if not isinstance(request.user, User):
        return []
    return [{"slug": slug, "title": title} for slug, title in visible_boards(request.user).values_list("slug", "title")]


def _streams_shown(board: Board) -> dict[int, list[Stream]]:
    """Return the streams of each of a board's widgets, in the order in which they were added."""
    shown: dict[int, list[Stream]] = defaultdict(list)
    links = Widget.streams.through.objects.filter(widget__board=board).select_related("stream").order_by("pk")
    for link in links:
        shown[link.widget_id].append(link.stream)
    return shown


def _history_wanted(
    widgets: Iterable[Widget], shown: Mapping[int, Sequence[Stream]], most: int | None
) -> dict[int, history.Wanted]:
    """Return how much history the widgets want of each stream. Only widgets that show numbers draw a history."""
    wanted: dict[int, history.Wanted] = {}
    for widget in widgets:
        points, seconds = widget.options.get("points", POINTS), widget.options.get("range")
        for stream in shown[widget.pk]:
            if stream.kind == Stream.Kind.NUMBER:
                other = wanted.get(stream.pk, history.Wanted(0))
                wanted[stream.pk] = history.Wanted(
                    max(points if most is None else min(points, most), other.points),
                    max(filter(None, (seconds, other.seconds)), default=None),
                )
    share = MOST_POINTS / max(MOST_POINTS, sum(each.points for each in wanted.values()))
    return {pk: replace(each, points=max(2, int(each.points * share))) for pk, each in wanted.items()}


def _until_head(stream: Stream, points: list[history.Point]) -> list[history.Point]:
    """Drop points newer than the head that was read: their update is on its way. The head itself is never a mean."""
    newest = unix_ms(stream.at) if stream.at else 0
    while points and points[-1][0] > newest:
        points.pop()
    if points and points[-1][0] == newest:
        points[-1][1] = stream.value
    return points


def _on_wire(board: Board, widgets: Iterable[Widget], shown: Mapping[int, Sequence[Stream]]) -> dict[str, Any]:
    return {
        "slug": board.slug,
        "title": board.title,
        "zone": board.zone,
        "version": board.version,
        "widgets": [_widget_on_wire(widget, shown[widget.pk]) for widget in widgets],
    }


def _widget_on_wire(widget: Widget, streams: Sequence[Stream]) -> dict[str, Any]:
    told = {
        "id": widget.pk,
        "type": widget.type,
        "title": widget.title,
        "streams": [stream.slug for stream in streams],
        "width": widget.width,
        "height": widget.height,
        "options": widget.options,
    }
    if body := widget.options.get("body"):
        told["html"] = render(body)
    return told


@transaction.atomic
def show_on_board(stream: Stream, board_slug: str, options: Mapping[str, Any] | None = None) -> Board:
    """Add a tile for `stream` at the end of a board, unless one of its tiles shows it.

    Make the board if it is missing.
    """
    board, made = Board.objects.get_or_create(slug=board_slug, defaults={"title": board_slug.replace("-", " ").title()})
    if made:
        board.full_clean()
    if board.widgets.filter(streams=stream).exists():
        return board
    type, width, height = TILES[Stream.Kind(stream.kind)]
    last = board.widgets.aggregate(last=Max("position"))["last"]
    widget = board.widgets.create(
        type=type, width=width, height=height, position=(last or 0) + 1, options=dict(options or {})
    )
    widget.streams.add(stream)
    board_changed(board)
    return board


#: The tile for each kind of stream: type, columns, rows.
TILES: Final = {
    Stream.Kind.NUMBER: (Widget.Type.NUMBER, 3, 1),
    Stream.Kind.TEXT: (Widget.Type.TEXT, 3, 1),
    Stream.Kind.STATUS: (Widget.Type.STATUS, 3, 1),
    Stream.Kind.TABLE: (Widget.Type.TABLE, 6, 2),
    Stream.Kind.SERIES: (Widget.Type.LINE, 6, 2),
}
