from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from boards import boards, layout
from boards.boards import NoSuchBoard
from boards.edits import STREAMS, TILES, BoardEdit, WrongEdit, read_edit
from boards.layout import StaleEdit, create_board, save_layout
from boards.models import Board, Widget
from realtime.delivery.publish import Publication
from tests.streams_and_boards import board_of, produced_stream

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Publication]:
    heard: list[Publication] = []
    monkeypatch.setattr(boards, "publish_on_commit", heard.extend)
    return heard


def edit_of(slug: str = "ops", **changes: Any) -> BoardEdit:
    """Return an edit that changes nothing of a board except `changes`."""
    return read_edit(boards.board_layout(slug) | changes)


def titles() -> list[str]:
    return list(Widget.objects.order_by("position").values_list("title", flat=True))


def test_a_layout_that_is_saved_is_what_the_board_then_has(told: list[Publication]) -> None:
    board_of(produced_stream("cpu"), produced_stream("disk"))
    tiles = boards.board_layout("ops")["widgets"]
    wanted = [
        tiles[1] | {"width": 6, "title": "Disk"},
        {"type": "line", "streams": ["disk", "cpu"], "width": 12, "height": 3, "options": {"range": 3600}},
        {"type": "text", "options": {"body": "*hello*"}},
        tiles[0],
    ]
    saved = save_layout("ops", edit_of(title="Machines", zone="Europe/Oslo", widgets=wanted))
    assert saved == boards.board_layout("ops")
    assert (saved["title"], saved["zone"], saved["version"]) == ("Machines", "Europe/Oslo", 2)
    assert [each["id"] for each in saved["widgets"]][::3] == [tiles[1]["id"], tiles[0]["id"]]
    assert saved["widgets"][1]["streams"] == ["disk", "cpu"]
    assert saved["widgets"][2]["html"] == '<p dir="auto"><em>hello</em></p>'
    assert [each.topic for each in told] == ["board.ops"]


def test_an_edit_of_an_older_version_changes_nothing_and_brings_the_newer_layout() -> None:
    board_of(produced_stream("cpu"))
    edit = edit_of(title="Mine")
    save_layout("ops", edit_of(title="Theirs"))
    with pytest.raises(StaleEdit) as stale:
        save_layout("ops", edit)
    assert stale.value.layout == boards.board_layout("ops")
    assert Board.objects.get().title == "Theirs"


def test_whatever_changes_a_board_makes_edits_of_it_stale() -> None:
    board_of(produced_stream("cpu"))
    edit = edit_of()
    boards.show_on_board(produced_stream("disk"), "ops")
    with pytest.raises(StaleEdit):
        save_layout("ops", edit)


def test_a_tile_left_out_is_deleted_and_comes_back_as_a_new_one() -> None:
    board_of(produced_stream("cpu"))
    (tile,) = boards.board_layout("ops")["widgets"]
    save_layout("ops", edit_of(widgets=[]))
    assert not Widget.objects.exists()
    (again,) = save_layout("ops", edit_of(widgets=[tile]))["widgets"]
    assert again | {"id": 0} == tile | {"id": 0}


def test_a_tile_of_another_board_is_not_taken_from_it() -> None:
    board_of(produced_stream("cpu"), slug="other")
    board_of(slug="ops")
    (theirs,) = boards.board_layout("other")["widgets"]
    (mine,) = save_layout("ops", edit_of(widgets=[theirs]))["widgets"]
    assert mine["id"] != theirs["id"]
    assert boards.board_layout("other")["widgets"] == [theirs]


def test_an_id_that_comes_twice_is_a_copy() -> None:
    board_of(produced_stream("cpu"))
    (tile,) = boards.board_layout("ops")["widgets"]
    first, second = save_layout("ops", edit_of(widgets=[tile, tile]))["widgets"]
    assert first["id"] == tile["id"] != second["id"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"type": "pie"}, "widgets[0].type"),
        ({"width": 1}, "widgets[0].width"),
        ({"width": "wide"}, "widgets[0].width"),
        ({"height": 7}, "widgets[0].height"),
        ({"streams": ["nowhere"]}, "widgets[0].streams"),
        ({"streams": ["cpu"] * 13}, "widgets[0].streams"),
        ({"options": {"colour": "red"}}, "widgets[0].options"),
        ({"options": {"zone": "Mars/Base"}}, "widgets[0].options"),
        ({"title": "x" * 81}, "widgets[0].title"),
    ],
)
def test_a_wrong_tile_is_named_and_nothing_is_saved(change: dict[str, Any], field: str) -> None:
    board_of(produced_stream("cpu"))
    (tile,) = boards.board_layout("ops")["widgets"]
    before = boards.board_layout("ops")
    with pytest.raises(WrongEdit) as wrong:
        save_layout("ops", edit_of(title="New", widgets=[tile | change]))
    assert wrong.value.field == field
    assert wrong.value.detail.endswith(".")
    assert boards.board_layout("ops") == before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"version": None}, "version"),
        ({"title": ""}, "title"),
        ({"widgets": [{}] * 61}, "widgets"),
        ({"zone": "X"}, "zone"),
    ],
)
def test_a_wrong_layout_is_named(change: dict[str, Any], field: str) -> None:
    board_of()
    with pytest.raises(WrongEdit) as wrong:
        save_layout("ops", edit_of(**change))
    assert wrong.value.field == field


def test_what_is_missing_is_named() -> None:
    for body, field in (
        ({}, "version"),
        ([], "body"),
        ({"version": 1, "title": "x", "widgets": [{}]}, "widgets[0].type"),
    ):
        with pytest.raises(WrongEdit) as wrong:
            read_edit(body)
        assert wrong.value.field == field


def test_a_board_that_is_not_there_cannot_be_edited() -> None:
    board_of()
    edit = edit_of()
    with pytest.raises(NoSuchBoard):
        save_layout("nowhere", edit)


def tiles_of(count: int, streams: int = 2) -> list[dict[str, Any]]:
    """Return `count` new tiles as an editor sends them. Each shows `streams` streams, the last one first."""
    slugs = [produced_stream(f"s{number}").slug for number in reversed(range(streams))]
    return [{"type": "list", "title": f"Tile {number}", "streams": slugs} for number in range(count)]


def queries_of(edit: BoardEdit) -> int:
    with CaptureQueriesContext(connection) as queries:
        save_layout("ops", edit)
    return len(queries)


@pytest.mark.parametrize("count", [1, 12, 60])
def test_a_save_costs_the_same_however_many_tiles_it_touches(count: int) -> None:
    board_of()
    costs = {"new": queries_of(edit_of(widgets=tiles_of(count)))}
    costs["unchanged"] = queries_of(edit_of())
    tiles = boards.board_layout("ops")["widgets"]
    moved = [tile | {"title": "", "width": 6, "streams": tile["streams"][::-1]} for tile in reversed(tiles)]
    costs["changed"] = queries_of(edit_of(widgets=moved))
    costs["deleted"] = queries_of(edit_of(widgets=[]))
    # All: a savepoint and its end, the board, its streams, its title, the tiles, their streams, the version, and three
    # for the new layout. Changed tiles: the tiles, and their links deleted and inserted. Deleted tiles: the tiles
    # again, then links and tiles; no streams are read.
    assert costs == {"new": 13, "unchanged": 11, "changed": 14, "deleted": 13}


def test_the_greatest_board_is_saved_in_few_queries() -> None:
    board_of()
    assert queries_of(edit_of(widgets=tiles_of(TILES, STREAMS))) <= 14  # SQLite takes the links in two


def test_new_tiles_get_their_ids_in_order_and_show_their_streams_in_order() -> None:
    board_of(produced_stream("cpu"))
    wanted = [*tiles_of(12), *boards.board_layout("ops")["widgets"]]
    saved = save_layout("ops", edit_of(widgets=wanted))["widgets"]
    ids = [tile["id"] for tile in saved]
    assert ids[:-1] == sorted(ids[:-1])
    assert ids[-1] == wanted[-1]["id"] < ids[0]
    assert [(tile["title"], tile["streams"]) for tile in saved] == [(tile["title"], tile["streams"]) for tile in wanted]


def test_a_new_board_gets_an_address_of_its_own() -> None:
    made = [create_board(title).slug for title in ("Sales floor", "Sales floor", "販売", "販売")]
    assert made == ["sales-floor", "sales-floor-2", "board", "board-2"]
    with pytest.raises(WrongEdit) as wrong:
        create_board(" ")
    assert wrong.value.field == "title"
    assert layout.create_board("x" * 80).slug == "x" * 80


def test_there_may_be_a_bounded_number_of_boards(settings: Any) -> None:
    settings.BOARDS = 1
    create_board("The last")
    with pytest.raises(WrongEdit, match="delete one first"):
        create_board("One too many")
