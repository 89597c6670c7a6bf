"""Sockets that flood: charged before any work, told why, closed with 4429, and not read any more."""

import json
import struct
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from websockets.frames import Close, Frame, Opcode
from websockets.protocol import Protocol, Side, State

from harness.client import PATIENCE
from harness.launcher import Launcher
from harness.servers import Web
from realtime.serving import sockets  # first, it installs the reactor
from realtime.serving.sockets import STATE_OPEN, InputQueue, SocketFactory, SocketProtocol
from tests.realtime.raw_client import frame, visit

BURST, RATE, FRAME = 10, 5, 64 * 1024
#: The allowance: frames and bytes at once, then per second.
FRAMES, FRAMES_A_SECOND, BYTES = 400 + 4 * BURST, 40 + 2 * RATE, 2 * BURST * FRAME

KINDS = {
    "text": frame(b"x"),
    "text of no length": frame(b""),
    "binary": frame(b"x", Opcode.BINARY),
    "ping": frame(b"", Opcode.PING),
    "long ping": frame(b"x" * 125, Opcode.PING),
    "pong": frame(b"", Opcode.PONG),
    "continuation": frame(b"x", Opcode.CONT, fin=False),
    "unmasked key": b"\x89\x80\0\0\0\0",
}


class Transport(StringTransport):
    aborted = False

    def unregisterProducer(self) -> None:
        pass

    def abortConnection(self) -> None:
        self.aborted = True


class Socket:
    """One open protocol, with a transport, a clock and a queue that the test controls."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
        settings.COMMAND_BURST, settings.COMMANDS_PER_SECOND, settings.FRAME_BYTES = BURST, RATE, FRAME
        self.clock = Clock()
        monkeypatch.setattr("realtime.serving.sockets.time.monotonic", lambda: 1000 + self.clock.seconds())
        factory = SocketFactory(None, server="test")
        factory.reactor = self.clock
        factory.setProtocolOptions(maxMessagePayloadSize=0, maxFramePayloadSize=0, utf8validateIncoming=False)
        monkeypatch.setattr(SocketProtocol, "allowance", None, raising=False)
        SocketProtocol.configure(factory)
        self.protocol = SocketProtocol()
        self.protocol.factory = factory
        self.transport: Any = Transport()  # type: ignore[no-untyped-call]
        self.protocol.makeConnection(self.transport)
        for name in list(vars(self.protocol)):
            if name not in sockets.KEPT:
                delattr(self.protocol, name)
        self.protocol.state, self.protocol.client_addr = STATE_OPEN, ["127.0.0.1", 1]
        self.queue = self.protocol.application_queue = InputQueue()
        self.pings = 0

        def ping(payload: bytes) -> None:
            self.pings += 1

        monkeypatch.setattr(self.protocol, "onPing", ping)

    def give(self, data: bytes) -> None:
        self.protocol.dataReceived(data)

    def take_all(self) -> None:
        """The consumer takes what has come."""
        while self.queue.qsize():
            with pytest.raises(StopIteration):  # there is something, so that it does not wait
                self.queue.get().send(None)

    def told(self) -> list[Any]:
        """What it was sent: events, and the code of the close."""
        parser = Protocol(Side.CLIENT, state=State.OPEN)
        parser.receive_data(self.transport.value())
        events = [each for each in parser.events_received() if isinstance(each, Frame)]
        return [
            Close.parse(each.data).code if each.opcode is Opcode.CLOSE else json.loads(bytes(each.data))
            for each in events
        ]

    def assert_closed(self) -> None:
        error, code = self.told()
        assert (error["type"], error["code"], code) == ("error", "rate_limited", 4429)
        assert self.transport.producerState == "paused"
        assert not self.transport.aborted, "the last words would be cut off"
        self.clock.advance(sockets.LAST_WORDS)
        assert self.transport.aborted


@pytest.fixture
def one(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Socket:
    return Socket(monkeypatch, settings)


@pytest.mark.parametrize("kind", KINDS)
def test_frames_of_every_kind_are_counted_and_what_is_too_much_is_not_looked_at(one: Socket, kind: str) -> None:
    if kind == "continuation":
        one.give(frame(b"x", fin=False))
    taken: list[int] = []
    begin = one.protocol.onFrameBegin

    def note() -> None:
        taken.append(1)
        begin()

    one.protocol.onFrameBegin = note
    one.give(KINDS[kind] * 300_000 if kind == "ping" else KINDS[kind] * 5_000)
    assert len(taken) + one.queue.qsize() <= FRAMES
    assert one.protocol.data == b"", "nothing of the rest is kept"
    assert one.queue.qsize() == 0, "nor of what nobody has taken yet"
    one.assert_closed()
    one.give(KINDS[kind] * 5_000)
    assert len(taken) <= FRAMES
    assert one.protocol.data == b""


def test_close_frames_end_it_at_the_first(one: Socket) -> None:
    one.give(frame(struct.pack("!H", 1000), Opcode.CLOSE) * 5_000)
    assert one.told() == [1000]


def test_what_commands_allow_never_floods(one: Socket) -> None:
    """As many commands as the limits allow, for a minute, each in its own read, with pongs and pings."""
    for _ in range(60):
        for _ in range(RATE):
            one.give(frame(b"x" * 200))
            one.give(frame(b"", Opcode.PONG))
            one.give(frame(b"", Opcode.PING))
            one.take_all()
        one.clock.advance(1)
    one.give(frame(b"x" * 60_000) * BURST)
    assert one.told() == []
    assert one.queue.qsize() == BURST


def test_what_was_used_up_comes_back(one: Socket) -> None:
    for _ in range(5):
        one.give(KINDS["ping"] * (FRAMES - 5))
        one.clock.advance(FRAMES / FRAMES_A_SECOND)
    assert (one.pings, one.told()) == (5 * (FRAMES - 5), [])


@pytest.mark.parametrize("piece", [1, 100])
def test_frames_in_crumbs_are_counted_too(one: Socket, piece: int) -> None:
    raw = frame(b"x" * 60_000)
    for start in range(0, len(raw), piece):
        one.give(raw[start : start + piece])
    one.assert_closed()


@pytest.mark.parametrize("piece", [1460, 4096, 65_536])
def test_frames_of_the_full_length_may_come_in_packets(one: Socket, piece: int) -> None:
    raw = frame(b"x" * FRAME) * (2 * BURST - 1)
    for start in range(0, len(raw), piece):
        one.give(raw[start : start + piece])
        one.take_all()
    assert one.told() == []


@pytest.mark.parametrize("declared", [1 << 40, (1 << 63) - 1])
def test_a_frame_without_end_is_counted_in_bytes(one: Socket, declared: int) -> None:
    one.give(b"\x81\xff" + struct.pack("!Q", declared) + b"abcd")
    for _ in range(BYTES // 65_536 + 1):
        one.give(b"x" * 65_536)
    one.assert_closed()
    assert one.queue.qsize() == 0


def test_reserved_bits_as_of_compressed_frames_end_it_at_the_first(one: Socket) -> None:
    one.give((b"\xc1" + KINDS["text"][1:]) * 1000)
    assert one.transport.aborted
    assert one.queue.qsize() == 0


def test_what_comes_before_we_answered_the_handshake_is_bounded(one: Socket) -> None:
    one.protocol.state, one.protocol.handshake_deferred = sockets.STATE_CONNECTING, None
    one.give(b"GET / HTTP/1.1\r\n\r\n" * 100)
    assert len(one.protocol.data) == 1800, "it is kept for later, and not taken for another handshake"
    for _ in range(10):
        one.give(b"x" * 10_000)
    assert one.transport.aborted
    assert len(one.protocol.data) < 2 * FRAME


# On a real server


@pytest.fixture(scope="module")
def server(launcher: Launcher) -> Iterator[Web]:
    web = Web(launcher, "floods", {})
    web.manage("migrate", "--verbosity", "0")
    web.start()
    yield web
    web.stop()


@pytest.mark.parametrize("kind", ["ping", "pong", "continuation", "text of no length"])
async def test_one_socket_that_floods_is_closed_and_others_are_answered(server: Web, kind: str) -> None:
    async with (
        visit(server, "/ws/echo/") as other,
        visit(server, "/ws/echo/") as client,
        httpx.AsyncClient() as browser,
    ):
        raw = KINDS[kind] * 100_000
        client.socket.transport.write((frame(b"x", fin=False) if kind == "continuation" else b"") + raw)
        error = await client.next()
        while error["type"] != "error" or "frames" not in error["detail"]:  # echoes and refusals of empty commands
            error = await client.next()
        assert error["code"] == "rate_limited"
        await client.assert_closed(4429)
        await other.send_command(type="still there?")
        await other.assert_next(type="echo")
        assert (await browser.get(f"{server.address}/healthz", timeout=PATIENCE)).status_code == 200
