import asyncio
import json
from typing import Any

import pytest
from django.test import override_settings

from realtime.wire import connection as module
from realtime.wire.connection import AsgiWire, Connection
from realtime.wire.outbox import SLOW_BYTES
from realtime.wire.protocol import Close, CommandError, Frame
from tests.realtime.fakes import FakeSend, Reader

CAP = 256 * 1024


@pytest.fixture(autouse=True)
def small_cap() -> Any:
    with override_settings(OUTBOX_BYTES=CAP):
        yield


def slow(reader: Reader) -> None:
    """Let more bytes wait for `reader` than a quick reader ever has."""
    reader.fake_wire.stalled = True
    reader.send_text("x" * (SLOW_BYTES + 1))
    reader.texts.clear()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def latest(reader: Connection, topic: str, key: str, text: str) -> None:
    frame = Frame(text)
    reader.write_latest([(topic, key)], [frame], frame.wire)


def ephemeral(reader: Connection, text: str) -> None:
    frame = Frame(text)
    reader.write_ephemeral(frame.wire, [frame])


async def test_events_go_to_the_wire_in_order() -> None:
    reader = Reader()
    reader.send({"type": "a"})
    reader.send_text('{"type":"b"}')
    latest(reader, "t", "", "c")
    ephemeral(reader, "d")
    assert reader.texts == ['{"type":"a"}', '{"type":"b"}', "c", "d"]


async def test_a_refused_command_becomes_an_error_event() -> None:
    reader = Reader()
    reader.refuse(CommandError("busy", "Wait.", 2, ref="r1"))
    assert json.loads(reader.texts[0]) == {
        "type": "error",
        "ref": "r1",
        "code": "busy",
        "detail": "Wait.",
        "retry_after": 2,
    }


async def test_a_slow_reader_gets_the_newest_values_when_it_has_caught_up() -> None:
    reader = Reader()
    slow(reader)
    for number in range(100):
        latest(reader, "cpu", "", f"cpu {number}")
        latest(reader, "table", str(number % 2), f"row {number}")
        ephemeral(reader, "typing")
    assert reader.texts == []
    reader.fake_wire.drain()
    assert sorted(reader.texts) == ["cpu 99", "row 98", "row 99"]
    latest(reader, "cpu", "", "cpu 100")
    assert reader.texts[-1] == "cpu 100"


async def test_values_of_a_topic_that_was_left_are_not_written_later() -> None:
    reader = Reader()
    slow(reader)
    latest(reader, "left", "", "old")
    latest(reader, "kept", "", "kept")
    reader.forget_latest("left")
    reader.fake_wire.drain()
    assert reader.texts == ["kept"]


async def test_a_reader_over_the_cap_is_closed_for_a_resync() -> None:
    reader = Reader()
    reader.fake_wire.stalled = True
    for _ in range(10):
        reader.send_text("x" * 60_000)
    assert len(reader.texts) * 60_000 <= CAP
    await settle()
    assert reader.close_codes == [Close.RESYNC]
    assert reader.close_code == Close.RESYNC


async def test_nothing_follows_a_frame_that_did_not_fit() -> None:
    """Otherwise the client would resume from a later number and never get the one it lacks."""
    reader = Reader()
    reader.fake_wire.stalled = True
    reader.send_text("first")
    reader.send_text("x" * CAP)
    reader.send_text("small")
    latest(reader, "t", "", "value")
    ephemeral(reader, "typing")
    reader.fake_wire.drain()
    assert reader.texts == ["first"]
    await settle()
    assert reader.close_codes == [Close.RESYNC]


async def test_after_close_nothing_is_written_and_one_close_is_sent() -> None:
    reader = Reader()
    slow(reader)
    latest(reader, "t", "", "waiting")
    await reader.close(4401)
    await reader.close(4403)
    reader.send_text("late")
    latest(reader, "t", "", "late")
    ephemeral(reader, "late")
    reader.fake_wire.drain()
    assert reader.texts == []
    assert (reader.close_codes, reader.close_code) == ([4401], 4401)


# Under another ASGI server


async def test_any_asgi_server_gets_one_text_a_frame_in_order() -> None:
    send = FakeSend()
    connection = Connection(send, None)
    frames = [Frame(str(number)) for number in range(3)]
    connection.write(b"".join(frame.wire for frame in frames), frames)
    connection.send_text("3")
    await connection.close(1000)
    assert send.texts == ["0", "1", "2", "3"]
    assert send.messages[-1] == {"type": "websocket.close", "code": 1000}


async def test_a_slow_asgi_server_makes_a_slow_reader() -> None:
    send = FakeSend()
    send.open.clear()
    connection = Connection(send, None)
    connection.send_text("x" * (SLOW_BYTES + 1))
    for number in range(10):
        latest(connection, "cpu", "", str(number))
        ephemeral(connection, "typing")
    await settle()
    send.open.set()
    await settle()
    assert send.texts[1:] == ["9"]


async def test_a_reader_that_never_reads_is_closed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CLOSE_PATIENCE", 0.05)
    messages: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "websocket.send":
            await asyncio.Event().wait()
        messages.append(message)

    connection = Connection(send, None)
    connection.send_text("stuck")
    async with asyncio.timeout(5):
        await connection.close(Close.FORBIDDEN)
    assert messages == [{"type": "websocket.close", "code": 4403}]


async def test_a_client_that_has_gone_disturbs_nobody() -> None:
    async def send(message: dict[str, Any]) -> None:
        raise BrokenPipeError

    wire = AsgiWire(send)
    frame = Frame("x")
    wire.write(frame.wire, [frame])
    wire.write(frame.wire, [frame])
    await wire.flush()
    assert wire.waiting() == 0
    await Connection(send, None).close(1000)
