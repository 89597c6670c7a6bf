"""One socket as our server has it: what it takes in, how it is written to, and how little it keeps."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import autobahn.websocket.protocol
import daphne.server  # noqa: F401  installs the asyncio reactor, so it comes before anything of Twisted
from autobahn.websocket.protocol import WebSocketProtocol as AutobahnProtocol
from autobahn.websocket.types import ConnectionDeny
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol
from django.conf import settings
from twisted.internet.protocol import connectionDone

from realtime.wire.protocol import Close, CommandError, Frame, encode

# Autobahn formats all its settings prettily for each connection, for a debug line that is not written: an eighth of
# what a connection cost.
autobahn.websocket.protocol.pformat = repr  # type: ignore[assignment,attr-defined]

#: Messages of one socket that may wait for its consumer before we stop reading from it.
INPUT_MESSAGES: Final = 64
STATE_OPEN: Final = AutobahnProtocol.STATE_OPEN
STATE_CONNECTING: Final = AutobahnProtocol.STATE_CONNECTING
#: RFC 6455, 5.2: first byte of a text message in one frame; bit of the mask; size that says "in the next two bytes".
TEXT_FRAME: Final = 0x81
MASKED: Final = 0x80
LONGER: Final = 126
NO_MASK: Final = bytes(4)
#: No masked frame is shorter than its header of two bytes, its mask, and two bytes of JSON.
SHORT_FRAME: Final = 8
#: Bytes below which a read counts as a frame, whether one ends in it or not.
SHORT_READ: Final = 256
#: Seconds that who floods has to read why it is closed.
LAST_WORDS: Final = 1.0
FLOODED: Final = encode(
    CommandError("rate_limited", "Far too many frames: send fewer, and connect again.", retry_after=5.0).event()
).encode()
#: What an open socket still needs of its protocol's attributes; all others are as the class has them.
KEPT: Final = (
    *("transport", "connected", "factory", "server", "state", "data", "wire", "application_queue"),
    *("client_addr", "peer", "path", "request", "last_ping", "socket_opened", "trafficStats"),
    *("frames_left", "bytes_left", "metered_at"),
)


def _nothing() -> None:
    pass


class TwistedWire:
    """Writes prepared frames to the transport of one socket (see `realtime.wire.connection.Wire`).

    It writes to the kernel at once while nothing waits, which spares Twisted's write scheduling, and is
    the transport's producer to hear of a slow reader.
    """

    __slots__ = ("_drained", "_protocol", "_socket", "_transport")

    def __init__(self, protocol: "SocketProtocol") -> None:
        self._protocol = protocol
        self._transport = protocol.transport
        self._socket = protocol.transport.socket
        self._drained: Callable[[], None] = _nothing

    def write(self, data: bytes, frames: list[Frame]) -> None:
        if not self.write_if_idle(data, frames):
            self._transport.write(data)

    def write_if_idle(self, data: bytes, frames: list[Frame]) -> bool:
        if self._protocol.state != STATE_OPEN:
            return True  # it is closing: nothing follows the close frame
        transport = self._transport
        # Twisted has no public way to ask what waits; tests/realtime/serving/test_server.py watches over these names.
        if transport.dataBuffer or transport._tempDataLen:
            return False
        try:
            sent = self._socket.send(data)
        except OSError:  # its buffer is full; or it has gone, which the transport finds out by itself
            sent = 0
        if sent < len(data):
            transport.write(data[sent:])
        return True

    def waiting(self) -> int:
        transport = self._transport
        return len(transport.dataBuffer) - transport.offset + transport._tempDataLen  # type: ignore[no-any-return]

    def on_drained(self, call: Callable[[], None]) -> None:
        self._drained = call

    # What Twisted asks of a producer

    def pauseProducing(self) -> None:
        pass  # the outbox looks at `waiting` before every write

    def resumeProducing(self) -> None:
        self._drained()

    def stopProducing(self) -> None:
        pass


class InputQueue:
    """The messages of one socket for its consumer; stops reading from the socket when it is behind.

    For one reader, who mostly waits: an `asyncio.Queue` would be a tenth of the memory of an idle socket.
    """

    __slots__ = ("_items", "_paused", "_reader", "transport")

    def __init__(self) -> None:
        self.transport: Any = None
        self._items: list[dict[str, Any]] = []
        self._reader: asyncio.Future[None] | None = None
        self._paused = False

    def qsize(self) -> int:
        return len(self._items)

    def stop(self) -> None:
        """Drop what has not been taken yet, and read no more from the socket; only its end may still be put."""
        self._items.clear()
        self._paused = False
        if self.transport is not None:
            self.transport.pauseProducing()
            self.transport = None

    def put_nowait(self, item: dict[str, Any]) -> None:
        self._items.append(item)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)
        if not self._paused and self.transport and len(self._items) >= INPUT_MESSAGES:
            self._paused = True
            self.transport.pauseProducing()

    async def get(self) -> dict[str, Any]:
        while not self._items:
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        item = self._items.pop(0)
        if self._paused and len(self._items) < INPUT_MESSAGES // 2:
            self._paused = False
            if self.transport.connected:
                self.transport.resumeProducing()
        return item


class Request(NamedTuple):
    """What daphne's log of an open socket says of its handshake."""

    path: str


class Unheard:
    """Stands for Autobahn's futures of the end of a socket, which nobody waits for."""

    def callback(self, result: object) -> None:
        pass


class Allowance:
    """What one socket may send, in frames and in bytes: far more than the limits of commands let it use."""

    __slots__ = ("bytes", "bytes_a_second", "frames", "frames_a_second")

    def __init__(self, command_burst: int, commands_a_second: int, frame_bytes: int) -> None:
        self.frames = 400 + 4 * command_burst
        self.frames_a_second = 40 + 2 * commands_a_second
        self.bytes = 2 * command_burst * frame_bytes
        self.bytes_a_second = 2 * commands_a_second * frame_bytes


class SocketProtocol(WebSocketProtocol):
    """A socket that survives bad frames: what is too long or not UTF-8 reaches the consumer as such.

    Autobahn gives each connection some ninety attributes of its own, more than all else that a silent one holds;
    what all sockets have alike is an attribute of this class, and a socket that has opened forgets its handshake.
    """

    wire: TwistedWire | None = None
    allowance: Allowance
    # What is left of it, as at `metered_at` (monotonic seconds); unset before anything came.
    frames_left = bytes_left = metered_at = 0.0
    flooded = False
    data: bytes  # what came and is not processed yet
    request: Any  # has a `path`

    # What Autobahn sets on each connection, as it is on one that is open
    current_frame = localCloseCode = localCloseReason = remoteCloseCode = remoteCloseReason = wasNotCleanReason = None
    openHandshakeTimeoutCall = closeHandshakeTimeoutCall = autoPingPending = autoPingPendingCall = None
    autoPingTimeoutCall = autoPingPendingSent = trackedTimings = _perMessageCompress = None
    inside_message = triggered = closedByMe = failedByMe = droppedByMe = wasClean = wasOpenHandshakeTimeout = False
    wasMaxFramePayloadSizeExceeded = wasMaxMessagePayloadSizeExceeded = wasCloseHandshakeTimeout = False
    wasServerConnectionDropTimeout = wasServingFlashSocketPolicyFile = False
    send_state = AutobahnProtocol.SEND_STATE_GROUND
    autoPingPendingSeq = 0
    websocket_version = 13
    send_queue = ()  # we never write in pieces
    is_closed = Unheard()

    @classmethod
    def configure(cls, factory: WebSocketFactory) -> None:
        """Take the settings from `factory` once, which else each connection copies."""
        for name in cls.CONFIG_ATTRS:
            value = getattr(factory, name)
            setattr(cls, name, staticmethod(value) if callable(value) else value)
        cls.allowance = Allowance(settings.COMMAND_BURST, settings.COMMANDS_PER_SECOND, settings.FRAME_BYTES)

    def serverAccept(self, subprotocol: str | None = None) -> None:
        super().serverAccept(subprotocol)
        if self.state == AutobahnProtocol.STATE_OPEN:
            self.request = Request(self.request.path)
            self.__dict__ = {name: value for name, value in vars(self).items() if name in KEPT}

    def serverReject(self) -> None:
        # Our consumers accept whom they refuse, to tell why. This is a process without a database: nginx asks the next.
        self.handshake_deferred.errback(ConnectionDeny(503, "No database here"))  # type: ignore[no-untyped-call]
        del self.handshake_deferred
        self.server.protocol_disconnected(self)

    def onOpen(self) -> None:
        super().onOpen()
        if self.wire is not None:
            self.transport.unregisterProducer()  # the HTTP channel that this socket began as
            self.transport.registerProducer(self.wire, True)

    def connectionLost(self, reason: Any = connectionDone) -> None:
        super().connectionLost(reason)
        if self.wire is not None:
            self.wire.on_drained(_nothing)
            self.wire = None

    def dataReceived(self, data: bytes) -> None:
        """Take what came, and count it before any work is done for it."""
        if self.flooded:
            return
        now, allowance = time.monotonic(), self.allowance
        past, self.metered_at = now - self.metered_at, now
        self.frames_left = min(allowance.frames, self.frames_left + past * allowance.frames_a_second)
        self.bytes_left = min(allowance.bytes, self.bytes_left + past * allowance.bytes_a_second) - len(data)
        if len(data) < SHORT_READ:  # a frame in crumbs costs as much as so many frames
            self.frames_left -= 1
        if self.bytes_left < 0 or self.frames_left < 0:
            self._flood()
        elif self.state == STATE_CONNECTING and hasattr(self, "handshake_deferred"):
            self._wait_for_handshake(data)
        else:
            self._dataReceived(data)

    def _wait_for_handshake(self, data: bytes) -> None:
        """Keep what came before our answer; Autobahn would look for a second handshake in it, and without end."""
        self.data += data
        if len(self.data) > settings.FRAME_BYTES:
            self.flooded = True
            self.transport.abortConnection()

    def _flood(self) -> bool:
        """End a socket that sends more than anybody may: say so, read no more, and take nothing of what it has sent.

        Returns False: there is nothing more to process.
        """
        self.flooded = True
        self.data = b""
        if isinstance(queue := getattr(self, "application_queue", None), InputQueue):
            queue.stop()
        self.transport.pauseProducing()
        if self.state == STATE_OPEN:
            self.sendMessage(FLOODED)
            self.serverClose(Close.FLOOD)
        # Not at once: it would cut off what was said last.
        self.factory.reactor.callLater(LAST_WORDS, self.transport.abortConnection)
        return False

    def processData(self) -> bool:
        """Take a whole text frame in one step, as nearly all are; leave the rest, and all that is wrong, to Autobahn.

        Returns whether there may be more to process.
        """
        if self.current_frame is None:  # a frame begins, of whatever kind
            self.frames_left -= 1
            if self.frames_left < 0:
                return self._flood()
        data = self.data
        if (
            len(data) < SHORT_FRAME
            or data[0] != TEXT_FRAME
            or self.state != STATE_OPEN
            or self.current_frame is not None
            or self.inside_message
            or self.autoPingTimeoutCall
        ):
            return bool(super().processData())
        size, start = data[1] - MASKED, 6
        if size == LONGER:
            size, start = int.from_bytes(data[2:4]), 8
        end = start + size
        if not (0 <= size < LONGER or (start == 8 and LONGER <= size <= settings.FRAME_BYTES)) or end > len(data):
            return bool(super().processData())
        self.data = data[end:]
        mask, payload = data[start - 4 : start], data[start:end]
        if mask != NO_MASK:
            key = (mask * (size // 4 + 1))[:size]
            payload = (int.from_bytes(payload) ^ int.from_bytes(key)).to_bytes(size)
        self.onMessage(payload, False)
        return bool(self.data)

    def onMessageBegin(self, isBinary: bool) -> None:
        super().onMessageBegin(isBinary)
        self._room = settings.FRAME_BYTES + 1  # one byte more than allowed shows that it was too long

    def onMessageFrameBegin(self, length: int) -> None:
        self.frame_length = length
        self.frame_data: list[bytes] | None = []
        self.message_data_total_length += length

    def onMessageFrameData(self, payload: bytes) -> None:
        if payload and self._room > 0 and self.frame_data is not None:
            self.frame_data.append(payload[: self._room])
            self._room -= len(payload)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        if isBinary:
            super().onMessage(payload, isBinary)
        elif not self.muted:
            self.application_queue.put_nowait(
                {"type": "websocket.receive", "text": payload.decode("utf-8", "surrogateescape")}
            )

    def onPing(self, payload: bytes) -> None:
        if self.wire is None or self.wire.waiting() < settings.OUTBOX_BYTES:
            super().onPing(payload)
        else:  # it asks and asks, and reads no answer
            self.transport.abortConnection()

    def serverClose(self, code: int | None = None) -> None:
        # Not Autobahn's sendClose, which refuses the codes of a failing or restarting server (1011, 1012).
        self.sendCloseFrame(code=1000 if code is None else code, isReply=False)


class SocketFactory(WebSocketFactory):
    protocol = SocketProtocol
