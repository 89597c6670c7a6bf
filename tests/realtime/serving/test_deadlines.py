"""Connections that send slowly: everything they owe us has a deadline. The clock is the test's."""

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from realtime.serving import sockets  # noqa: F401  first, it installs the reactor
from realtime.serving.requests import BODY_PAUSE, BODY_WITHIN, HEADERS_WITHIN, NEXT_WITHIN, RequestFactory

LINE = b"GET / HTTP/1.1\r\n"
GET = LINE + b"Host: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


class Transport(StringTransport):
    """A transport that says how it ended."""

    ended: str = ""

    def loseConnection(self) -> None:
        self.ended = self.ended or "closed"

    def abortConnection(self) -> None:
        self.ended = self.ended or "aborted"


class Server:
    """The part of our server that requests need; the test decides when they are answered."""

    proxy_forwarded_address_header = proxy_forwarded_port_header = proxy_forwarded_proto_header = None
    root_path, server_name = "", "test"

    def __init__(self) -> None:
        self.open: list[Any] = []

    def protocol_connected(self, protocol: Any) -> None:
        self.open.append(protocol)

    def protocol_disconnected(self, protocol: Any) -> None:
        self.open.remove(protocol)

    def create_application(self, protocol: Any, scope: Any) -> None:
        return None

    def log_action(self, *arguments: Any) -> None:
        pass


class Site:
    """A factory on a clock, and connections to it."""

    def __init__(self) -> None:
        self.clock, self.server = Clock(), Server()
        self.factory = RequestFactory(self.server)
        self.factory.reactor = self.clock

    def connect(self, peer: Any = None) -> "Connection":
        return Connection(self, peer or IPv4Address("TCP", "203.0.113.7", 1234))


class Connection:
    def __init__(self, site: Site, peer: Any) -> None:
        self.site = site
        self.transport: Any = Transport(peerAddress=peer)  # type: ignore[no-untyped-call]
        self.channel = site.factory.buildProtocol(peer)
        self.channel.makeConnection(self.transport)

    def give(self, data: bytes) -> None:
        self.channel.dataReceived(data)

    def drip(self, data: bytes, seconds: float, every: float = 1.0) -> None:
        """Send `data` again and again, for this many seconds."""
        for _ in range(int(seconds / every)):
            self.site.clock.advance(every)
            if not self.transport.ended:
                self.give(data)

    def ended(self) -> str:
        return str(self.transport.ended)

    @property
    def answer(self) -> bytes:
        return bytes(self.transport.value())


@pytest.fixture
def site() -> Site:
    return Site()


def test_who_connects_and_says_nothing_is_closed_without_an_answer(site: Site) -> None:
    one = site.connect()
    site.clock.advance(HEADERS_WITHIN - 0.1)
    assert not one.ended()
    site.clock.advance(0.2)
    assert (one.ended(), one.answer) == ("closed", b"")


@pytest.mark.parametrize(
    "begin",
    [LINE, b"GE", LINE + b"Upgrade: websocket\r\nConnection: Upgrade\r\n"],
    ids=["headers", "first line", "handshake of a socket"],
)
def test_headers_that_drip_are_given_up(site: Site, begin: bytes) -> None:
    one = site.connect()
    one.give(begin)
    one.drip(b"X-Slow: 1\r\n" if b"\r\n" in begin else b"E", HEADERS_WITHIN - 1)
    assert not one.ended()
    one.drip(b"X", 2)
    assert one.ended() == "closed"
    assert one.answer.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("begin", [POST, CHUNKED + b"3b9aca00\r\n"], ids=["length", "chunks"])
def test_a_slow_body_is_accepted_up_to_a_limit(site: Site, begin: bytes) -> None:
    pausing, dripping = site.connect(), site.connect()
    pausing.give(begin)
    dripping.give(begin)
    dripping.drip(b"x", BODY_PAUSE - 1)
    assert not pausing.ended()
    dripping.drip(b"x", 2)
    assert pausing.ended() == "closed"
    assert pausing.answer.startswith(b"HTTP/1.1 408 ")
    dripping.drip(b"x", BODY_WITHIN - BODY_PAUSE - 2)
    assert not dripping.ended()
    dripping.drip(b"x", 2)
    assert dripping.ended() == "closed"


def test_what_is_being_answered_has_no_deadline_and_then_waits_for_the_next(site: Site) -> None:
    one = site.connect()
    one.give(GET)
    site.clock.advance(10 * BODY_WITHIN)
    assert not one.ended(), "it is the server that owes an answer"
    answer(one)
    site.clock.advance(NEXT_WITHIN - 1)
    assert not one.ended()
    one.give(LINE)
    site.clock.advance(HEADERS_WITHIN - 1)
    assert not one.ended()
    one.give(b"Host: x\r\n\r\n")
    answer(one)
    site.clock.advance(NEXT_WITHIN + 1)
    assert one.ended() == "closed"
    assert b" 408 " not in one.answer


def answer(one: Connection) -> None:
    request = one.channel.requests[0]
    request.handle_reply({"type": "http.response.start", "status": 200, "headers": [(b"Content-Length", b"2")]})
    request.handle_reply({"type": "http.response.body", "body": b"ok"})


def test_requests_that_come_together_are_answered_in_turn(site: Site) -> None:
    one = site.connect()
    one.give(GET * 3 + LINE)
    for _ in range(3):
        answer(one)
    assert one.answer.count(b"200 OK") == 3
    site.clock.advance(NEXT_WITHIN + 1)
    assert one.ended() == "closed", "and what was begun ends too"


def test_one_address_has_so_many_that_ask_nothing_and_the_oldest_makes_room(site: Site) -> None:
    site.factory.waiting.most = 3
    asking = site.connect()
    asking.give(GET)  # waits for us
    idle = [site.connect() for _ in range(3)]
    other = site.connect(IPv4Address("TCP", "203.0.113.8", 1))
    last = site.connect()
    assert [each.ended() for each in (asking, *idle, other, last)] == ["", "aborted", "", "", "", ""]
    answer(asking)  # and now it waits, too
    assert [each.ended() for each in idle] == ["aborted", "aborted", ""]
    last.channel.connectionLost()
    site.connect()
    assert [each.ended() for each in idle] == ["aborted", "aborted", ""]


def test_a_network_counts_as_one_address(site: Site) -> None:
    site.factory.waiting.most = 1
    first = site.connect(IPv6Address("TCP", "2001:db8::1", 1))
    site.connect(IPv6Address("TCP", "2001:db8:0:1::1", 1))
    assert not first.ended()
    site.connect(IPv6Address("TCP", "2001:db8::2", 1))
    assert first.ended() == "aborted"


@pytest.mark.parametrize("peer", [IPv4Address("TCP", "127.0.0.1", 1), UNIXAddress(b"/run/x")], ids=["loopback", "unix"])
def test_a_proxy_on_this_machine_is_not_an_address(site: Site, peer: Any) -> None:
    site.factory.waiting.most = 1
    assert not [each for each in [site.connect(peer) for _ in range(5)] if each.ended()]


def test_nothing_is_left_of_those_that_went(site: Site) -> None:
    endings: list[Callable[[Connection], None]] = [
        lambda one: None,
        lambda one: one.give(LINE),
        lambda one: one.give(POST + b"x"),
        lambda one: one.give(GET),
    ]
    for end in endings:
        one = site.connect()
        end(one)
        one.channel.connectionLost()
    assert site.server.open == []
    assert len(site.factory.waiting) == 0
    calls: Any = site.clock.getDelayedCalls()
    assert list(calls) == []
