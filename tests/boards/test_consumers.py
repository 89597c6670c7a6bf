import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest

from boards import boards, showing
from realtime.delivery.hub import Hub
from realtime.delivery.publish import publish
from streams import store
from streams.events import unix_ms
from tests.streams_and_boards import Viewer, board_of, in_thread, produced_stream, reading

pytestmark = pytest.mark.django_db(transaction=True)

Seat = Callable[..., Awaitable[Viewer]]


async def record(*readings: Any) -> None:
    """Store readings as the worker does, and publish them."""
    await publish((await in_thread(store.record, readings)).publications)


def apply(snapshot: dict[str, Any], update: dict[str, Any]) -> None:
    """Apply an update as docs/protocol.md says."""
    for slug, change in update["streams"].items():
        stream = snapshot["streams"][slug]
        if change["seq"] < stream["seq"]:
            continue
        for key, row in change.pop("rows", {}).items():
            if row is None:
                stream["value"].pop(key, None)
            else:
                stream["value"][key] = row
        points = change.pop("points", [])
        change.pop("merged", None)
        new = "value" in change and change["at"] != stream["at"]
        stream.update(change)
        if stream["kind"] == "number" and new:
            stream["history"] += [*points, None]
            stream["history"][-1] = [unix_ms(datetime.fromisoformat(change["at"])), change["value"]]


async def test_a_board_begins_with_its_snapshot(viewer: Seat) -> None:
    cpu = await in_thread(produced_stream, "cpu", label="CPU", unit="%")
    await in_thread(board_of, cpu)
    await record(reading(cpu, 41, at=1), reading(cpu, 42, at=2))
    snapshot = await (await viewer("Ada")).show("ops")
    assert snapshot["board"]["slug"] == "ops"
    (widget,) = snapshot["board"]["widgets"]
    assert (widget["type"], widget["streams"]) == ("number", ["cpu"])
    stream = snapshot["streams"]["cpu"]
    assert (stream["value"], stream["seq"], stream["label"], stream["unit"]) == (42, 1, "CPU", "%")
    assert [value for _, value in stream["history"]] == [41, 42]


async def test_updates_follow_the_snapshot(viewer: Seat) -> None:
    cpu = await in_thread(produced_stream)
    await in_thread(board_of, cpu)
    ada = await viewer("Ada")
    await ada.show("ops")
    await record(reading(cpu, 41))
    update = await ada.assert_next(type="update")
    assert update["streams"]["cpu"]["value"] == 41
    await ada.assert_silence()


async def test_snapshot_and_updates_make_what_a_fresh_snapshot_says(viewer: Seat) -> None:
    cpu, prices = await in_thread(produced_stream, "cpu"), await in_thread(produced_stream, "prices", kind="table")
    await in_thread(board_of, cpu, prices)
    await record(reading(cpu, 1, at=1), reading(prices, {"A": {"bid": 1}, "B": {"bid": 2}}, at=1))
    ada, bo = await viewer("Ada"), await viewer("Bo")
    seen = await ada.show("ops")
    for change in (
        [reading(cpu, 2, at=2), reading(cpu, 3, at=3)],
        [reading(cpu, error="boom")],
        [reading(prices, {"B": {"bid": 3}, "C": {"bid": 4}}, at=4)],
        [reading(prices, {"A": None}, at=5), reading(cpu, 5, at=5)],
        [reading(prices, error="away")],
    ):
        await record(*change)
    while seen["streams"]["prices"]["state"] != "error":
        apply(seen, await ada.assert_next(type="update"))
    assert seen == await bo.show("ops")


async def test_what_is_published_while_the_snapshot_is_read_comes_after_it(
    viewer: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    cpu = await in_thread(produced_stream)
    await in_thread(board_of, cpu)
    await record(reading(cpu, 1))
    ada = await viewer("Ada")
    # private: between its read and its end there is no public moment
    read = showing._snapshot

    async def read_slowly(key: tuple[str, int | None]) -> Any:
        snapshot = await read(key)
        await record(reading(cpu, 2))
        return snapshot

    # private: as above
    monkeypatch.setattr("boards.showing._snapshot", read_slowly)
    assert (await ada.show("ops"))["streams"]["cpu"]["value"] == 1
    assert (await ada.assert_next(type="update"))["streams"]["cpu"]["value"] == 2


async def test_many_who_come_at_once_share_what_is_read(viewer: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = await in_thread(produced_stream)
    await in_thread(board_of, cpu)
    await record(reading(cpu, 1))
    reads = []
    read = boards.board_snapshot

    def count(slug: str, points: int | None = None) -> Any:
        reads.append(slug)
        return read(slug, points)

    monkeypatch.setattr(boards, "board_snapshot", count)
    viewers = [await viewer(f"Ada {number}") for number in range(12)]
    snapshots = await asyncio.gather(*[each.show("ops") for each in viewers])
    assert all(snapshot == snapshots[0] for snapshot in snapshots)
    assert 0 < len(reads) < 8
    reads.clear()
    await in_thread(boards.show_on_board, await in_thread(produced_stream, "disk"), "ops")
    edited = [await each.assert_next(type="snapshot") for each in viewers]
    assert {tuple(event["streams"]) for event in edited} == {("cpu", "disk")}
    assert 0 < len(reads) < 8
    await record(reading(cpu, 2))
    for each in viewers:
        assert (await each.assert_next(type="update"))["streams"]["cpu"]["value"] == 2


async def test_a_dropped_update_is_read_back_from_the_store(viewer: Seat, hub: Hub) -> None:
    cpu, prices = await in_thread(produced_stream, "cpu"), await in_thread(produced_stream, "prices", kind="table")
    await in_thread(board_of, cpu, prices)
    ada = await viewer("Ada")
    await ada.show("ops")
    await in_thread(store.record, [reading(cpu, 1), reading(prices, {"A": {"bid": 1}})])  # and nobody publishes it
    await hub.check(["stream.cpu", "stream.prices"])
    assert (await ada.assert_next(type="update"))["streams"]["cpu"]["value"] == 1
    assert (await ada.assert_next(type="update"))["streams"]["prices"]["rows"] == {"A": {"bid": 1}}
    await hub.check(["stream.cpu", "stream.prices"])
    await ada.assert_silence()


async def test_a_gap_in_a_tables_seqs_heals_by_itself(viewer: Seat) -> None:
    prices = await in_thread(produced_stream, "prices", kind="table")
    await in_thread(board_of, prices)
    ada = await viewer("Ada")
    await ada.show("ops")
    await record(reading(prices, {"A": {"bid": 1}}))
    await in_thread(store.record, [reading(prices, {"B": {"bid": 2}})])
    await record(reading(prices, {"C": {"bid": 3}}))
    rows: dict[str, Any] = {}
    while len(rows) < 3:
        rows |= (await ada.assert_next(type="update"))["streams"]["prices"]["rows"]
    assert rows == {"A": {"bid": 1}, "B": {"bid": 2}, "C": {"bid": 3}}


async def test_a_board_that_was_edited_is_sent_anew_with_its_new_streams(viewer: Seat) -> None:
    cpu, disk = await in_thread(produced_stream, "cpu"), await in_thread(produced_stream, "disk")
    await in_thread(board_of, cpu)
    ada = await viewer("Ada")
    await ada.show("ops")
    await in_thread(boards.show_on_board, disk, "ops")
    assert set((await ada.assert_next(type="snapshot"))["streams"]) == {"cpu", "disk"}
    await record(reading(disk, 70))
    assert "disk" in (await ada.assert_next(type="update"))["streams"]


@pytest.mark.parametrize("read", ["board_topics", "board_snapshot"])
async def test_an_edit_that_cannot_be_read_sends_the_viewer_back(
    viewer: Seat, monkeypatch: pytest.MonkeyPatch, read: str
) -> None:
    """Otherwise it would show the old board until the next edit."""
    cpu, disk = await in_thread(produced_stream, "cpu"), await in_thread(produced_stream, "disk")
    await in_thread(board_of, cpu)
    ada = await viewer("Ada")
    await ada.show("ops")

    def fail(*arguments: Any, **options: Any) -> Any:
        raise OSError("away")

    monkeypatch.setattr(boards, read, fail)
    await in_thread(boards.show_on_board, disk, "ops")
    await ada.assert_closed(4503)


async def test_a_stream_taken_off_a_board_is_heard_no_more(viewer: Seat) -> None:
    cpu, disk = await in_thread(produced_stream, "cpu"), await in_thread(produced_stream, "disk")
    board = await in_thread(board_of, cpu, disk)
    ada = await viewer("Ada")
    await ada.show("ops")

    def take_off() -> None:
        board.widgets.filter(streams=disk).delete()
        boards.board_changed(board)

    await in_thread(take_off)
    assert set((await ada.assert_next(type="snapshot"))["streams"]) == {"cpu"}
    await record(reading(disk, 70))
    await ada.assert_silence()


async def test_a_board_that_was_deleted_closes_its_sockets(viewer: Seat) -> None:
    board = await in_thread(board_of)
    ada = await viewer("Ada")
    await ada.show("ops")

    await in_thread(boards.delete_board, board)
    assert (await ada.next())["code"] == "not_found"
    await ada.assert_closed(4404)


async def test_an_unknown_board_is_not_found(viewer: Seat) -> None:
    ada = await viewer("Ada")
    assert (await ada.open_path("/ws/boards/nowhere/"))["type"] == "hello"
    assert (await ada.assert_next(type="error"))["code"] == "not_found"
    await ada.assert_closed(4404)


async def test_nobody_is_asked_to_sign_in(viewer: Seat) -> None:
    await in_thread(board_of)
    nobody = await viewer("")
    assert (await nobody.open_path("/ws/boards/ops/"))["type"] == "error"
    await nobody.assert_closed(4401)


async def test_a_ping_is_answered_and_a_chat_command_is_unknown(viewer: Seat) -> None:
    await in_thread(board_of)
    ada = await viewer("Ada")
    await ada.show("ops")
    await ada.send_command(type="ping", ref="1")
    assert (await ada.assert_next(type="pong"))["ref"] == "1"
    await ada.send_command(type="join", ref="2", room="lobby")
    assert (await ada.assert_next(type="error"))["code"] == "unknown_type"


# Thumbnails


async def test_one_socket_watches_many_boards(viewer: Seat) -> None:
    cpu, disk = await in_thread(produced_stream, "cpu"), await in_thread(produced_stream, "disk")
    await in_thread(board_of, cpu, slug="a")
    await in_thread(board_of, cpu, disk, slug="b")
    await record(*[reading(cpu, value, at=value) for value in range(10)])
    ada = await viewer("Ada")
    await ada.open_path("/ws/boards/")
    await ada.send_command(type="watch", ref="1", boards=["a", "b"], points=3)
    snapshots = [await ada.assert_next(type="snapshot") for _ in range(2)]
    assert [each["board"]["slug"] for each in snapshots] == ["a", "b"]
    assert [len(each["streams"]["cpu"]["history"]) for each in snapshots] == [3, 3]
    assert await ada.assert_next(type="ok") == {"type": "ok", "ref": "1"}
    await record(reading(cpu, 41, at=20))
    await ada.assert_next(type="update")
    await ada.assert_silence()  # once, though two boards show it
    await ada.send_command(type="watch", ref="2", boards=["a"])
    await ada.assert_next(type="ok")
    await record(reading(disk, 70))
    await ada.assert_silence()
    await record(reading(cpu, 42, at=21))
    await ada.assert_next(type="update")


async def test_watching_a_board_that_is_not_there_is_an_error_and_shows_the_others(viewer: Seat) -> None:
    await in_thread(board_of, slug="a")
    ada = await viewer("Ada")
    await ada.open_path("/ws/boards/")
    await ada.send_command(type="watch", ref="1", boards=["nowhere", "a"])
    assert (await ada.assert_next(type="snapshot"))["board"]["slug"] == "a"
    error = await ada.assert_next(type="error")
    assert (error["code"], error["ref"]) == ("not_found", "1")


@pytest.mark.parametrize("boards", ["a", [1], ["../x"], ["x"] * 51, None])
async def test_what_cannot_be_watched_is_a_bad_message(viewer: Seat, boards: Any) -> None:
    ada = await viewer("Ada")
    await ada.open_path("/ws/boards/")
    await ada.send_command(type="watch", ref="1", boards=boards)
    assert (await ada.assert_next(type="error"))["code"] == "bad_message"
