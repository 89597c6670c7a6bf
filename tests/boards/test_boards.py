from typing import Any

import pytest

from boards import boards
from boards.boards import NoSuchBoard
from boards.models import Board
from streams import history, store
from tests.streams_and_boards import board_of, produced_stream, pushed_stream, reading

pytestmark = pytest.mark.django_db


def test_a_snapshot_takes_few_queries_however_many_tiles(django_assert_num_queries: Any) -> None:
    streams = [produced_stream(f"s{number}") for number in range(8)] + [produced_stream("t", kind="table")]
    board_of(*streams)
    store.record([reading(stream, 1) for stream in streams[:8]])
    with django_assert_num_queries(5):  # board, tiles, streams, rows, history
        boards.board_snapshot("ops")


def test_streams_of_a_tile_keep_their_order() -> None:
    board = board_of()
    widget = board.widgets.create(type="line")
    for slug in ("c", "a", "b"):
        widget.streams.add(produced_stream(slug))
    (on_wire,) = boards.board_snapshot("ops").event["board"]["widgets"]
    assert on_wire["streams"] == ["c", "a", "b"]


def test_history_has_as_many_points_as_the_tile_that_wants_most() -> None:
    cpu = produced_stream()
    board = board_of(cpu, options={"points": 5})
    board.widgets.create(type="line", options={"points": 20}).streams.add(cpu)
    store.record([reading(cpu, value, at=value) for value in range(50)])
    assert len(boards.board_snapshot("ops").event["streams"]["cpu"]["history"]) == 20
    assert len(boards.board_snapshot("ops", most=3).event["streams"]["cpu"]["history"]) == 3


def test_values_said_at_one_time_stay_apart() -> None:
    cpu = produced_stream()
    board_of(cpu)
    store.record([reading(cpu, value) for value in range(3)])
    assert [value for _, value in boards.board_snapshot("ops").event["streams"]["cpu"]["history"]] == [0, 1, 2]


def test_a_history_ends_with_the_head_that_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = produced_stream()
    board_of(cpu)
    store.record([reading(cpu, value, at=value) for value in range(3)])
    read = history.history_of

    def read_later(*arguments: Any) -> Any:
        store.record([reading(cpu, 3, at=3), reading(cpu, 4, at=4)])
        return read(*arguments)

    monkeypatch.setattr(history, "history_of", read_later)
    stream = boards.board_snapshot("ops").event["streams"]["cpu"]
    assert (stream["value"], stream["seq"]) == (2, 1)
    assert [value for _, value in stream["history"]] == [0, 1, 2]


def test_a_board_that_is_not_there_is_said_so() -> None:
    for read in (boards.board_snapshot, boards.board_topics):
        with pytest.raises(NoSuchBoard):
            read("nowhere")


def test_a_stream_is_put_at_the_end_of_a_board_which_is_made_if_need_be() -> None:
    boards.show_on_board(pushed_stream("orders"), "sales-floor")
    boards.show_on_board(pushed_stream("prices", kind="table"), "sales-floor")
    board = Board.objects.get()
    assert board.title == "Sales Floor"
    assert [(widget.type, widget.position) for widget in board.widgets.all()] == [("number", 1), ("table", 2)]


def test_a_stream_that_a_board_shows_gets_no_second_tile() -> None:
    orders = pushed_stream("orders")
    for _ in range(2):
        boards.show_on_board(orders, "sales")
    assert Board.objects.get().widgets.count() == 1


def test_the_history_of_a_whole_snapshot_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    streams = [produced_stream(f"s{number}") for number in range(4)]
    board_of(*streams, options={"points": 50})
    store.record([reading(stream, value, at=value) for value in range(50) for stream in streams])
    monkeypatch.setattr(boards, "MOST_POINTS", 100)
    told = boards.board_snapshot("ops").event["streams"].values()
    assert [len(each["history"]) for each in told] == [25] * 4
    assert all(each["history"][-1][1] == 49 for each in told), "the newest stay"
