"""Thousands of websockets in one process, on raw sockets and epoll, with almost no work per message.

Most connections only count (`MarkerCounter`). A sample of them is parsed and logged, to check order, losses and
doubles.
"""

import select
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from benchmarks.counter import MarkerCounter
from benchmarks.dialects import WORD, Dialect, number_in
from harness.frames import CLOSE, PING, PONG, TEXT, FrameReader, handshake, text_frame

#: How many connections, of all, are parsed.
SAMPLED: Final = 20
#: After this many seconds without a delivery in a room, its messages in flight count as lost.
STALL: Final = 2.0
#: Seconds between two signs of life on each connection. Servers ask for them by pings, which most of ours do not parse.
ALIVE: Final = 10.0
#: Seconds that opening all connections may take.
OPENING: Final = 120.0


class LoadError(Exception):
    """The server did not do what the scenario needs."""


@dataclass(eq=False, slots=True)
class Room:
    """A room and its connections. A connection that the server closes leaves the room and its sums."""

    name: str
    members: list["Connection"] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)  # numbers of the messages, in order of sending
    delivered: int = 0  # deliveries to all members together
    given_up: int = 0  # messages that are no longer waited for
    moved: float = 0.0  # when `delivered` last grew beyond `seen`
    seen: int = 0
    stall: float = STALL

    def in_flight(self) -> int:
        """Return how many messages have not reached everybody, judged by the sums."""
        return len(self.sent) - self.given_up - self.delivered // len(self.members) if self.members else 0

    def look(self, now: float) -> None:
        """Give up the messages in flight when nothing has come for `stall` seconds."""
        if self.delivered != self.seen:
            self.seen, self.moved = self.delivered, now
        elif now - self.moved > self.stall:
            self.given_up += max(0, self.in_flight())
            self.moved = now


class Connection:
    """One websocket. `reader` is None for those that only count."""

    __slots__ = (
        "closed",
        "count",
        "frames",
        "log",
        "number",
        "reader",
        "receive_into",
        "room",
        "sock",
        "started",
        "steps",
        "tail",
        "took",
        "upgraded",
        "welcome",
    )

    def __init__(self, room: Room, number: int) -> None:
        self.room = room
        self.number = number  # among all connections; it also chooses the person and the server
        self.sock = socket.socket()
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.receive_into = self.sock.recv_into
        self.reader: FrameReader | None = FrameReader()
        self.steps: list[tuple[bytes, bytes]] = []  # the remaining steps of the opening
        self.upgraded = False
        self.closed = False
        self.count = 0
        self.tail = b""
        self.log: list[tuple[int, float]] = []  # number of each message, and when it came
        self.frames: list[tuple[bytes, float]] = []  # frames without a number, and the time of day when each came
        self.welcome = b""  # the frame that ended the opening
        self.started = 0.0
        self.took = 0.0  # seconds from connecting to the end of the opening

    def say(self, payload: bytes) -> None:
        frame = text_frame(payload)
        try:
            sent = self.sock.send(frame)
        except BlockingIOError:
            sent = 0
        if sent < len(frame):
            raise LoadError("The server reads so slowly that a message does not fit into the socket's buffer.")


class LoadClient:
    """All connections of a run to one server, which listens on one or several ports of 127.0.0.1 (used in turn)."""

    def __init__(self, ports: Sequence[int], dialect: Dialect, cookies: Sequence[str] = ()) -> None:
        self.ports = ports
        self.dialect = dialect
        self.cookies = cookies
        self.epoll = select.epoll()
        self.connections: dict[int, Connection] = {}
        self.delivered = 0
        self._alive = time.monotonic()
        self.lost: list[Connection] = []  # closed by the server
        self.opening = self.settling = 0.0  # seconds until all were live, and until nothing more came
        self._counter = MarkerCounter(dialect.marker)
        self._buffer = self._counter.view

    # Opening

    def open(self, rooms: Sequence[Room], size: int, at_once: int = 40, first: int = 0) -> list[Connection]:
        """Open `size` connections in each of `rooms`, `at_once` at a time; keep parsing some of them.

        They are the people from number `first` on.
        """
        every = max(1, len(rooms) * size // SAMPLED)
        wanted = [
            (room, first + place * size + number, (place * size + number) % every == every // 2)
            for place, room in enumerate(rooms)
            for number in range(size)
        ]
        opened: list[Connection] = []
        waiting: dict[int, tuple[Connection, bool]] = {}
        wanted.reverse()
        epoll = select.epoll()
        deadline = time.monotonic() + OPENING
        try:
            while wanted or waiting:
                while wanted and len(waiting) < at_once:
                    room, number, sample = wanted.pop()
                    connection = self._start(room, number)
                    waiting[connection.sock.fileno()] = connection, sample
                    epoll.register(connection.sock.fileno(), select.EPOLLOUT)
                for fd, events in epoll.poll(0.05):
                    connection, sample = waiting[fd]
                    if events & select.EPOLLOUT:
                        connection.sock.send(self._handshake(connection))
                        epoll.modify(fd, select.EPOLLIN)
                    elif self._advance(connection):
                        connection.took = time.perf_counter() - connection.started
                        epoll.unregister(fd)
                        del waiting[fd]
                        opened.append(connection)
                        self._go_live(connection, sample)
                self.poll(0)
                self.keep_alive()
                if time.monotonic() > deadline:
                    raise LoadError(f"{len(opened)} connections are open after {OPENING:.0f} s, the others not.")
        finally:
            epoll.close()
        return opened

    def _start(self, room: Room, number: int) -> Connection:
        connection = Connection(room, number)
        connection.started = time.perf_counter()
        connection.steps = [(step.send, step.expect) for step in self.dialect.opening(room.name)]
        connection.sock.connect_ex(("127.0.0.1", self.ports[number % len(self.ports)]))
        return connection

    def _handshake(self, connection: Connection) -> bytes:
        port = self.ports[connection.number % len(self.ports)]
        headers = {"Origin": f"http://127.0.0.1:{port}"}
        if self.cookies:
            headers["Cookie"] = self.cookies[connection.number % len(self.cookies)]
        return handshake(self.dialect.path(connection.room.name), f"127.0.0.1:{port}", **headers)

    def _advance(self, connection: Connection) -> bool:
        """Process what came during the opening; return True when the connection is live."""
        data = connection.sock.recv(65536)
        if not data:
            raise LoadError("The server closed a connection that was being opened.")
        reader = connection.reader
        assert reader
        if not connection.upgraded:
            head, found, data = (connection.tail + data).partition(b"\r\n\r\n")
            if not found:
                connection.tail = head
                return False
            if b" 101 " not in head.partition(b"\r\n")[0]:
                raise LoadError(f"The server refused a handshake: {head.decode(errors='replace')}")
            connection.upgraded, connection.tail = True, b""
            self._next_step(connection)
        for opcode, payload in reader.feed(data):
            if opcode == CLOSE:
                raise LoadError(f"The server refused a connection: {payload!r}")
            if opcode == TEXT and b'"type":"error"' in payload:
                raise LoadError(f"The server refused a connection: {payload.decode()}")
            if opcode == TEXT and connection.steps and connection.steps[0][1] in payload:
                connection.steps.pop(0)
                connection.welcome = payload
                self._next_step(connection)
        return not connection.steps

    @staticmethod
    def _next_step(connection: Connection) -> None:
        if connection.steps and connection.steps[0][0]:
            connection.say(connection.steps[0][0])

    def _go_live(self, connection: Connection, sample: bool) -> None:
        if not sample:
            assert connection.reader
            connection.tail = connection.reader.rest[-(len(self.dialect.marker) - 1) :]
            connection.reader = None
        connection.room.members.append(connection)
        self.connections[connection.sock.fileno()] = connection
        self.epoll.register(connection.sock.fileno(), select.EPOLLIN)

    # Running

    def poll(self, timeout: float) -> int:
        """Receive and count; return how many messages came."""
        count, view, connections = self._counter.count, self._buffer, self.connections
        total = 0
        for fd, _ in self.epoll.poll(timeout):
            connection = connections[fd]
            try:
                received = connection.receive_into(view)
            except BlockingIOError:
                continue
            except ConnectionError:
                received = 0
            if not received:
                self._close(fd)
                continue
            if connection.reader is None:
                found, connection.tail = count(received, connection.tail)
            else:
                found = self._examine(connection, bytes(view[:received]))
            if found:
                connection.count += found
                connection.room.delivered += found
                total += found
        self.delivered += total
        return total

    def _examine(self, connection: Connection, data: bytes) -> int:
        assert connection.reader
        found = 0
        now = time.perf_counter()
        for opcode, payload in connection.reader.feed(data):
            if opcode == TEXT and self.dialect.marker in payload:
                found += 1
                if WORD in payload:
                    connection.log.append((number_in(payload), now))
                else:
                    connection.frames.append((payload, time.time()))
            elif opcode == PING:
                connection.sock.send(PONG)
        return found

    def _close(self, fd: int) -> None:
        connection = self.connections.pop(fd)
        connection.closed = True
        self.epoll.unregister(fd)
        connection.sock.close()
        self.lost.append(connection)
        connection.room.members.remove(connection)
        connection.room.delivered -= connection.count

    def say(self, connection: Connection, number: int) -> None:
        room = connection.room
        room.sent.append(number)
        connection.say(self.dialect.say(room.name, number))

    def settle(self, quiet: float = 0.5, patience: float = 15.0) -> None:
        """Wait until nothing has come for `quiet` seconds, for example no more news of arrivals."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and self.epoll.poll(quiet, 1):
            self.poll(0)
            self.keep_alive()
        self.keep_alive(0)

    def keep_alive(self, every: float = ALIVE) -> None:
        """Send the server a sign of life on all connections, every `every` seconds, without being asked."""
        if time.monotonic() - self._alive >= every:
            self._alive = time.monotonic()
            for connection in self.connections.values():
                with suppress(OSError):
                    connection.sock.send(PONG)

    def close(self) -> None:
        for connection in self.connections.values():
            connection.sock.close()
        self.connections.clear()
        self.epoll.close()
