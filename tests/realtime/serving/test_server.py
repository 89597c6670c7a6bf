"""The server: real processes, with clients that behave and misbehave."""

import asyncio
import inspect
import itertools
import json
import os
import re
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from autobahn.websocket.protocol import WebSocketProtocol
from twisted.internet.tcp import Connection as TcpConnection
from websockets.frames import Opcode

from harness.client import PATIENCE, Client, eventually
from harness.launcher import Launcher, listens
from harness.servers import Manage, Web
from realtime.serving.sockets import KEPT, SocketProtocol  # first, it installs the reactor
from tests.realtime.raw_client import RawClient, frame, visit

CAP = 256 * 1024  # of tests.realtime.inspection_settings
MB = 1024 * 1024


@pytest.fixture(scope="module")
def prepared(launcher: Launcher) -> Path:
    """A database for each server to copy."""
    web = Web(launcher, "prepare", {})
    web.manage("migrate", "--verbosity", "0")
    return web.folder / "switchboard.sqlite3"


def make_server(launcher: Launcher, prepared: Path) -> Web:
    web = Web(launcher, "server", {"DJANGO_SETTINGS_MODULE": "tests.realtime.inspection_settings"})
    (web.folder / prepared.name).write_bytes(prepared.read_bytes())
    return web


@pytest.fixture(scope="module")
def server(launcher: Launcher, prepared: Path) -> Iterator[Web]:
    """One server for all tests that leave it running."""
    web = make_server(launcher, prepared)
    web.start()
    yield web
    web.stop()


@pytest.fixture
def short_lived(launcher: Launcher, prepared: Path) -> Iterator[Web]:
    """A server that the test ends."""
    web = make_server(launcher, prepared)
    web.start()
    yield web
    web.stop()


# Frames


@pytest.mark.parametrize("size", [64 * 1024 + 1, 1024 * 1024 + 1, 3 * 1024 * 1024])
async def test_a_frame_that_is_too_long_is_told_so_and_the_socket_lives(server: Web, size: int) -> None:
    for path in ("/echo/", "/inspect/"):
        async with visit(server, path) as client:
            await client.send_text("x" * size)
            await client.assert_next(type="error", code="too_long")
            await client.send_text('{"type":"ping"}')
            assert (await client.next())["type"] in ("pong", "echo")


async def test_a_frame_may_have_64_kib(server: Web) -> None:
    async with visit(server, "/echo/") as client:
        for text in ("x" * 65_536, "👍" * 16_384):
            await client.send_text(text)
            await client.assert_next(type="echo", text=text)
        await client.send_text("👍" * 16_384 + "x")
        await client.assert_next(type="error", code="too_long")


@pytest.mark.parametrize("piece", [1, 3, 7, 64, 1_000_000])
async def test_frames_may_come_in_any_pieces(server: Web, piece: int) -> None:
    texts = ["", "a", "né", "x" * 125, "y" * 126, "z" * 127, "👍" * 50, *map(str, range(20))]
    if piece > 1:
        texts += ["v" * 40_000, "w" * 65_535]
    raw = b"".join(frame(text.encode()) for text in texts) + frame(b"between", Opcode.PING) + frame(b"the last")
    async with visit(server, "/echo/") as client:
        line: Any = client.socket
        line.transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(raw), piece):
            line.transport.write(raw[start : start + piece])
            if piece < 64:
                await asyncio.sleep(0)
        for text in [*texts, "the last"]:
            await client.assert_next(type="echo", text=text)


async def test_fragments_make_one_frame(server: Web) -> None:
    async with visit(server, "/echo/") as client:
        await client.socket.send(["He", "", "llo", " wörld"])
        await client.assert_next(type="echo", text="Hello wörld")
        await client.socket.send(["x" * 40_000, "x" * 40_000])
        await client.assert_next(type="error", code="too_long")
        await client.socket.send(["x" * 100] * 655)
        await client.assert_next(type="echo", text="x" * 65_500)


async def test_fragments_may_split_a_character_and_surround_a_ping(server: Web) -> None:
    async with visit(server, "/echo/") as client:
        raw = "né👍".encode()
        line: Any = client.socket
        for place in range(len(raw)):
            last = place == len(raw) - 1
            opcode = Opcode.CONT if place else Opcode.TEXT
            line.transport.write(frame(raw[place : place + 1], opcode, fin=last) + frame(b"between", Opcode.PING))
        await client.assert_next(type="echo", text="né👍")


@pytest.mark.parametrize("raw", [b"\xff", b"caf\xe9", b"\xf0\x9f\x91", b"\xed\xa0\x80", b'{"a":"\xff"}'])
async def test_what_is_not_utf8_is_told_so_and_the_socket_lives(server: Web, raw: bytes) -> None:
    for path in ("/echo/", "/inspect/"):
        async with visit(server, path) as client:
            client.socket.transport.write(frame(raw))
            await client.assert_next(type="error", code="bad_message")
            await client.send_text('{"type":"ping"}')
            assert (await client.next())["type"] in ("pong", "echo")


async def test_a_binary_frame_closes(server: Web) -> None:
    async with visit(server) as client:
        await client.send_text(b"\x00" * 100)
        await client.assert_next(type="error", code="bad_message")
        await client.assert_closed(4400)


@pytest.mark.parametrize("code", [1011, 4403, 4503])
async def test_every_close_code_reaches_the_client(server: Web, code: int) -> None:
    async with visit(server) as client:
        await client.send_command(type="fail", code=code)
        if code != 1011:
            await client.assert_next(type="error")
        await client.assert_closed(code)


async def test_a_message_without_end_takes_no_memory(server: Web) -> None:
    async with visit(server) as inspector:
        before = await inspector.call("look")
        with RawClient(server) as raw:
            raw.socket.sendall(frame(b"x" * MB, fin=False))
            for _ in range(30):
                raw.socket.sendall(frame(b"x" * MB, Opcode.CONT, fin=False))
            for _ in range(20_000):
                raw.socket.sendall(frame(b"", Opcode.CONT, fin=False))
            after = await inspector.call("look")
        assert after["memory"] - before["memory"] < 8 * MB


async def test_a_body_without_end_takes_no_memory_and_gets_an_answer(server: Web) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(60):
            yield b"x" * MB

    json_type = {"Content-Type": "application/json"}
    async with visit(server) as inspector, httpx.AsyncClient(base_url=server.address, trust_env=False) as client:
        before = (await inspector.call("look"))["memory"]
        for length in ({}, {"Content-Length": str(60 * MB)}):
            answer = await client.post("/api/session/", content=endless(), headers=json_type | length)
            assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_long")
        assert (await inspector.call("look"))["memory"] - before < 16 * MB


async def test_who_pings_and_reads_no_answer_is_cut_off(server: Web) -> None:
    pings = frame(b"x" * 125, Opcode.PING) * 300_000
    async with visit(server) as inspector:
        before = (await inspector.call("look"))["memory"]
        with RawClient(server) as raw, pytest.raises(ConnectionError):
            raw.socket.sendall(pings)
        assert (await inspector.call("look"))["memory"] - before < 8 * MB


async def test_who_hangs_up_is_forgotten(server: Web) -> None:
    async with visit(server) as inspector:
        async with visit(server):
            assert (await inspector.call("look"))["sockets"] == 2
        with RawClient(server):
            await eventually(lambda: _sockets(inspector, 2))
        await eventually(lambda: _sockets(inspector, 1))  # without a word


async def test_a_closed_socket_leaves_nothing_to_the_collector(short_lived: Web) -> None:
    async with visit(short_lived) as inspector:
        for _ in range(5):
            async with visit(short_lived) as client:
                await client.call("look")
            with RawClient(short_lived):
                await eventually(lambda: _sockets(inspector, 2))

        async def only_the_lookers_are_left() -> bool:  # its protocol, its consumer
            return bool((await inspector.call("look"))["kept"] == 2)

        await eventually(only_the_lookers_are_left)


async def _sockets(client: Client, count: int) -> bool:
    return bool((await client.call("look"))["sockets"] == count)


# Outgoing: prepared frames, slow readers


async def test_prepared_frames_and_plain_sends_keep_their_order(server: Web) -> None:
    count = 80  # 240 kB, which is below the cap and more than the kernel takes for one who does not read
    async with visit(server) as inspector:
        with RawClient(server) as reader:
            await eventually(lambda: _sockets(inspector, 2))
            reader.send_command(type="mix", count=count)
            await eventually(lambda: _mixed(inspector))
            events = list(itertools.islice(reader.read(), count + 1))
    assert events.pop(0)["type"] == "hello"
    assert [event["number"] for event in events] == list(range(count))
    assert [len(event["body"]) for event in events] == [number % 7 * 1000 for number in range(count)]


async def _mixed(client: Client) -> bool:
    return bool((await client.call("look"))["mixed"])


def test_twisted_has_what_the_wire_looks_at() -> None:
    """Twisted has no public way to ask how much waits to be sent."""
    kind: Any = TcpConnection
    transport = kind(socket.socket(), None, reactor=object())
    # private: guards what realtime/serving/sockets.py relies on
    assert (transport.dataBuffer, transport.offset, transport._tempDataLen, transport.bufferSize) == (b"", 0, 0, 65_536)
    assert callable(transport.writeSomeData)


def test_whatever_autobahn_sets_on_a_connection_is_kept_or_as_the_class_has_it() -> None:
    """An open socket forgets all else (`SocketProtocol.serverAccept`)."""
    # private: as above
    made = re.findall(r"self\.(\w+) = ", inspect.getsource(WebSocketProtocol._connectionMade))
    assert len(made) > 30
    unused = {"utf8validator", "serverConnectionDropTimeoutCall"}  # we validate ourselves; a client's
    assert {name for name in made if name not in KEPT and not hasattr(SocketProtocol, name)} == unused


async def test_a_stalled_reader_is_closed_and_costs_nobody_anything(server: Web) -> None:
    """It gets 24 MB that it does not read. Everybody else gets all of it, in order, and memory does not grow."""
    count, size = 400, 60_000
    async with visit(server) as inspector, visit(server) as reader, visit(server) as writer:
        await reader.call("subscribe", topic="log.stall")
        await writer.call("publish", topic="log.stall", count=5, size=size)
        for number in range(1, 6):
            await reader.assert_next(type="item", number=number)
        before = (await inspector.call("look"))["memory"]
        with RawClient(server) as stalled:
            stalled.send_command(type="subscribe", topic="log.stall")
            await eventually(lambda: _sockets(inspector, 4))
            # At a pace that readers can keep up with, even on a busy machine.
            publish = writer.call("publish", topic="log.stall", count=count, size=size, pause=0.01)
            publishing = asyncio.create_task(publish)
            for number in range(6, 6 + count):
                event = await reader.assert_next(type="item", number=number)
                assert len(event["body"]) == size
            await publishing
            await eventually(lambda: _sockets(inspector, 3))
            stored = count * size  # the consumer keeps what it published, to be read back
            assert (await inspector.call("look"))["memory"] - before - stored < 16 * MB


async def test_a_slow_reader_of_values_skips_to_the_newest_and_stays(server: Web) -> None:
    count, size = 2000, 10_000
    async with visit(server) as slow, visit(server) as writer:
        await slow.call("subscribe", topic="value.slow")
        slow.socket.transport.pause_reading()
        await writer.call("publish", topic="value.slow", count=count, size=size)
        slow.socket.transport.resume_reading()
        numbers: list[int] = []
        while not numbers or numbers[-1] < count:
            numbers.append((await slow.assert_next(type="item"))["number"])
        assert numbers == sorted(set(numbers))
        assert len(numbers) < count
        await writer.call("publish", topic="value.slow", size=1)
        await slow.assert_next(type="item", number=count + 1)


async def test_a_unix_socket_serves_too(launcher: Launcher, prepared: Path) -> None:
    web = make_server(launcher, prepared)
    path = web.folder / "http.sock"
    unix = Manage(launcher, "unix", web.settings, "serve", "--unix-socket", str(path))
    unix.start()
    try:
        await eventually(path.exists)
        listening = socket.socket(socket.AF_UNIX)
        listening.connect(str(path))
        async with Client("http://localhost") as client:
            await client.connect("/inspect/", origin=None, sock=listening)
            await client.send_command(type="mix", count=70)
            for number in range(70):
                await client.assert_next(type="mixed", number=number)
    finally:
        unix.stop()


# Incoming


async def test_a_flood_is_not_read_faster_than_it_is_answered_and_nothing_is_lost(server: Web) -> None:
    count = 20_000
    async with visit(server) as inspector, visit(server) as flooder:
        before = (await inspector.call("look"))["memory"]
        await flooder.send_command(type="hold")
        flooder.socket.transport.write(frame(json.dumps({"type": "ping", "pad": "x" * 1000}).encode()) * count)
        await eventually(lambda: _is_full(inspector))
        look = await inspector.call("look")
        assert look["queued"] < 64 + 128  # and what one read holds
        assert look["memory"] - before < 8 * MB
        assert flooder.socket.transport.get_write_buffer_size() > MB  # the kernel takes no more either
        await inspector.call("release")
        await flooder.assert_next(type="ok")
        for _ in range(count):
            await flooder.assert_next(type="pong")


async def _is_full(client: Client) -> bool:
    # Reading pauses at 64 messages. The consumer may have taken some of them; below 32 reading would go on.
    return bool((await client.call("look"))["queued"] >= 32)


# The end


async def exit_code(server: Web, seconds: float) -> int:
    assert server.process
    process = server.process
    return int(await eventually(lambda: _code(process), seconds) or 0) - 1000


def _code(process: Any) -> int | None:
    code = process.poll()
    return None if code is None else code + 1000


def terminate(server: Web) -> None:
    assert server.process
    os.kill(server.process.pid, signal.SIGTERM)


async def test_a_stop_tells_everybody_and_finishes_what_is_under_way(short_lived: Web) -> None:
    async with visit(short_lived) as one, visit(short_lived) as other, httpx.AsyncClient(trust_env=False) as browser:
        with RawClient(short_lived) as silent:  # it will not answer the close
            asking = asyncio.create_task(browser.get(f"{short_lived.address}/slow/"))
            await eventually(lambda: _asks(one))
            began = time.monotonic()
            terminate(short_lived)
            waits = []
            for client in (one, other):
                notice = await client.assert_next(type="notice", code="draining")
                waits.append(notice["retry_after"])
                await client.assert_closed(1012)
            assert all(0 < wait <= 6 for wait in waits)
            assert not listens(short_lived.port)
            assert not asking.done()
            assert (await asking).text == "done"
            assert await exit_code(short_lived, seconds=PATIENCE) == 0
            assert time.monotonic() - began < 10
            assert silent


async def _asks(client: Client) -> bool:
    return bool((await client.call("look"))["requests"])


async def test_a_second_signal_ends_it_at_once(short_lived: Web) -> None:
    async with visit(short_lived) as holding:
        await holding.send_command(type="hold", ref="h")
        await holding.socket.ping()
        terminate(short_lived)
        await holding.assert_next(type="notice")
        began = time.monotonic()
        terminate(short_lived)
        assert await exit_code(short_lived, seconds=PATIENCE) == 1
        assert time.monotonic() - began < 5
