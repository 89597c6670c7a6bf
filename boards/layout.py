"""Editing boards: the whole layout at once, refused when somebody else was faster."""

from collections import defaultdict
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify

from boards.boards import NoSuchBoard, board_changed, board_layout
from boards.edits import BoardEdit, TileEdit, WrongEdit
from boards.models import Board, Widget
from boards.options import check_options
from streams.models import Stream
from streams.zones import check_zone

_FIELDS: Final = ("type", "title", "position", "width", "height", "options")


class StaleEdit(Exception):
    """The board has changed since the version that was edited. `layout`: the present layout."""

    def __init__(self, layout: dict[str, Any]) -> None:
        super().__init__("Somebody changed this board meanwhile.")
        self.layout = layout


@transaction.atomic
def create_board(title: str) -> Board:
    """Make an empty board whose address comes from its title. Raises WrongEdit."""
    if Board.objects.count() >= settings.BOARDS:
        raise WrongEdit("title", f"There are {settings.BOARDS} boards, and that is the most: delete one first.")
    slug = slugify(title)[:80] or "board"
    board = Board(slug=slug, title=title.strip())
    taken = set(Board.objects.filter(slug__startswith=slug[:76]).values_list("slug", flat=True))
    number = 2
    while board.slug in taken:
        board.slug = f"{slug[:76]}-{number}"
        number += 1
    try:
        board.full_clean()
    except ValidationError as error:
        raise WrongEdit("title", " ".join(error.messages)) from None
    board.save()
    return board


@transaction.atomic
def save_layout(slug: str, edit: BoardEdit) -> dict[str, Any]:
    """Save `edit` as a board's layout, tell the screens that show the board, and return the new layout.

    Its tiles come in the order of the edit, so that an editor knows the ids of its new ones. Raises NoSuchBoard,
    StaleEdit and WrongEdit; then nothing has changed.
    """
    board = Board.objects.select_for_update().filter(slug=slug).first()
    if board is None:
        raise NoSuchBoard
    if board.version != edit.version:
        raise StaleEdit(board_layout(slug))
    streams = _check(edit)
    board.title, board.zone = edit.title, edit.zone
    board.save(update_fields=["title", "zone"])
    _save_tiles(board, edit.widgets, streams)
    board_changed(board)
    return board_layout(slug)


def _check(edit: BoardEdit) -> dict[str, Stream]:
    """Return the streams that the tiles name, by slug. Raises WrongEdit."""
    named = {slug for tile in edit.widgets for slug in tile.streams}
    streams = {stream.slug: stream for stream in Stream.objects.filter(slug__in=named).only("slug")}
    for index, tile in enumerate(edit.widgets):
        if tile.type not in Widget.Type.values:
            raise WrongEdit(f"widgets[{index}].type", f"There is no type of tile {tile.type!r}.")
        for slug in tile.streams:
            if slug not in streams:
                raise WrongEdit(f"widgets[{index}].streams", f"There is no stream {slug!r}.")
        _check_sentence(check_options, tile.options, f"widgets[{index}].options")
    _check_sentence(check_zone, edit.zone, "zone")
    return streams


def _check_sentence(check: Any, value: Any, field: str) -> None:
    try:
        check(value)
    except ValueError as error:
        raise WrongEdit(field, str(error)) from None


def _save_tiles(board: Board, tiles: list[TileEdit], streams: dict[str, Stream]) -> None:
    """Store the tiles in a fixed number of statements, however many tiles there are."""
    there = {widget.pk: widget for widget in board.widgets.all()}
    if gone := there.keys() - {tile.id for tile in tiles}:
        board.widgets.filter(pk__in=gone).delete()
    wanted: list[tuple[Widget, list[int]]] = []
    changed: list[Widget] = []
    for position, tile in enumerate(tiles):
        # A second tile with the same id is a copy, so it becomes a new tile.
        widget = there.pop(tile.id, None) if tile.id is not None else None
        before = _values(widget) if widget else None
        widget = widget or Widget(board=board)
        widget.type, widget.title, widget.position = tile.type, tile.title, position
        widget.width, widget.height, widget.options = tile.width, tile.height, tile.options
        if before and before != _values(widget):
            changed.append(widget)
        wanted.append((widget, [streams[slug].pk for slug in dict.fromkeys(tile.streams)]))
    if changed:
        Widget.objects.bulk_update(changed, _FIELDS)
    Widget.objects.bulk_create([widget for widget, _ in wanted if widget.pk is None])
    _save_links(board, wanted)


def _values(widget: Widget) -> list[Any]:
    return [getattr(widget, field) for field in _FIELDS]


def _save_links(board: Board, wanted: list[tuple[Widget, list[int]]]) -> None:
    """Link each tile to its streams. A tile shows them in the order of the links' ids."""
    through = Widget.streams.through
    there: dict[int, list[int]] = defaultdict(list)
    links = through.objects.filter(widget__board=board).order_by("pk")
    for widget_id, stream_id in links.values_list("widget_id", "stream_id"):
        there[widget_id].append(stream_id)
    changed = [(widget, streams) for widget, streams in wanted if there[widget.pk] != streams]
    if stale := [widget.pk for widget, _ in changed if there[widget.pk]]:
        through.objects.filter(widget__in=stale).delete()
    through.objects.bulk_create(
        through(widget=widget, stream_id=stream) for widget, streams in changed for stream in streams
    )
