"""How our server reads HTTP: with limits on the time and the memory that a request may take."""

import ipaddress
from typing import Any, Final

import daphne.server
from daphne.http_protocol import HTTPFactory, WebRequest
from django.conf import settings
from twisted.internet.protocol import connectionDone
from twisted.web.http import HTTPChannel

from realtime.limits.buckets import network_of

#: Seconds from the connection (or the first byte of a further request) to the end of the headers; for sockets, too.
HEADERS_WITHIN: Final = 10.0
#: Seconds within which the next bytes of a body must come, and within which the whole body must.
BODY_PAUSE: Final = 30.0
BODY_WITHIN: Final = 120.0
#: Seconds between two requests of one connection; longer than nginx keeps an idle connection (a minute).
NEXT_WITHIN: Final = 75.0
#: Connections of one address that may lack a whole request. One more closes the one that has waited longest.
WAITING_PER_ADDRESS: Final = 200
TOO_LATE: Final = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
#: Bytes of a body that are kept: one more than Django accepts in a form. Our own calls accept less, and say so.
BODY_BYTES: Final = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1


class Request(WebRequest):
    """A request that keeps just enough of a long body to show that it is too long.

    Daphne would hold all of it twice.
    """

    _room = BODY_BYTES

    def gotLength(self, length: int | None) -> None:
        super().gotLength(length if length is None else min(length, self._room))

    def handleContentChunk(self, data: bytes) -> None:
        if self._room > 0:
            super().handleContentChunk(data[: self._room])
            self._room -= len(data)


class Waiting:
    """The connections that owe us a request or the rest of one, by address.

    The one that has waited longest is first.
    """

    def __init__(self, most: int = WAITING_PER_ADDRESS) -> None:
        self.most = most
        self._of: dict[str, dict[Channel, None]] = {}

    def __len__(self) -> int:
        """Return how many addresses have such a connection."""
        return len(self._of)

    def enter(self, channel: "Channel") -> None:
        address = channel.address
        if address is None:
            return
        own = self._of.setdefault(address, {})
        own.pop(channel, None)
        own[channel] = None
        if len(own) > self.most:
            next(iter(own)).make_room()

    def leave(self, channel: "Channel") -> None:
        if channel.address is not None and (own := self._of.get(channel.address)) is not None:
            own.pop(channel, None)
            if not own:
                del self._of[channel.address]


def _counted_address(peer: Any) -> str | None:
    """Return what counts as one caller. None for a proxy and for this machine: many callers share those addresses."""
    host = getattr(peer, "host", None)
    if host is None or settings.BEHIND_PROXY or ipaddress.ip_address(host.partition("%")[0]).is_loopback:
        return None
    return network_of(host)


class Channel(HTTPChannel):
    """One connection while it speaks HTTP. Whenever we wait for it, a deadline runs."""

    abortTimeout = 1
    transport: Any
    address: str | None = None
    _deadline: Any = None
    _asking = False  # part of a request has come

    def connectionMade(self) -> None:
        super().connectionMade()
        self.address = _counted_address(self.transport.getPeer())
        self._wait(HEADERS_WITHIN)

    def dataReceived(self, data: bytes) -> None:
        if self._deadline is not None and not self._asking:
            self._asking = True
            self._set_deadline(HEADERS_WITHIN)
        super().dataReceived(data)

    def allHeadersReceived(self) -> None:
        super().allHeadersReceived()
        if self.length != 0:
            self._set_deadline(BODY_WITHIN)
            self.setTimeout(BODY_PAUSE)

    def allContentReceived(self) -> None:
        self.setTimeout(None)
        self._end_waiting()
        super().allContentReceived()  # may open a socket, which has its own deadlines

    def requestDone(self, request: Any) -> None:
        if self.persistent:
            self._asking = False
            self._wait(NEXT_WITHIN)
        super().requestDone(request)

    def connectionLost(self, reason: Any = connectionDone) -> None:
        self._end_waiting()
        super().connectionLost(reason)

    def timeoutConnection(self) -> None:
        """Close the connection.

        Answer 408 only when part of a request came. (A browser would show a 408 on an idle one.)
        """
        self._end_waiting()
        if self._asking:
            self.transport.write(TOO_LATE)
        super().timeoutConnection()

    def make_room(self) -> None:
        self._end_waiting()
        self.transport.abortConnection()

    def _wait(self, seconds: float) -> None:
        self._set_deadline(seconds)
        self.factory.waiting.enter(self)

    def _end_waiting(self) -> None:
        self._set_deadline(None)
        self.factory.waiting.leave(self)

    def _set_deadline(self, seconds: float | None) -> None:
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.callLater(seconds, self.timeoutConnection)


class RequestFactory(HTTPFactory):
    protocol = Channel

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        self.timeOut = None  # Twisted would restart the deadline at each byte
        self.waiting = Waiting()

    def buildProtocol(self, addr: Any) -> Any:
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = Request
        return protocol


daphne.server.HTTPFactory = RequestFactory  # daphne's `run` makes one itself and cannot be given another
