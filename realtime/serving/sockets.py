"""One socket of our server: what it accepts, how it is written to, and how little memory it keeps."""

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

# For each connection Autobahn pretty-prints all its settings for a debug message that nobody logs. This took an eighth
# of a connection's cost.
autobahn.websocket.protocol.pformat = repr  # type: ignore[assignment,attr-defined]

#: We stop reading from a socket while this many of its messages wait for its consumer.
INPUT_MESSAGES: Final = 64
STATE_OPEN: Final = AutobahnProtocol.STATE_OPEN
STATE_CONNECTING: Final = AutobahnProtocol.STATE_CONNECTING
#: RFC 6455, 5.2: the first byte of a text message in one frame; the mask bit; the length that means "see the next two
#: bytes".
TEXT_FRAME: Final = 0x81
MASKED: Final = 0x80
LONGER: Final = 126
NO_MASK: Final = bytes(4)
#: The shortest masked frame: a header of two bytes, the mask of four, and two bytes of JSON.
SHORT_FRAME: Final = 8
#: A read of fewer bytes counts as a whole frame, even when no frame ends in it.
SHORT_READ: Final = 256
#: Seconds that a flooding client gets to read why its socket closes.
LAST_WORDS: Final = 1.0
FLOODED: Final = encode(
    CommandError("rate_limited", "Far too many frames: send fewer, and connect again.", retry_after=5.0).event()
).encode()
#: The attributes that an open socket keeps on its protocol object; all others come from the class.
KEPT: Final = (
    *("transport", "connected", "factory", "server", "state", "data", "wire", "application_queue"),
    *("client_addr", "peer", "path", "request", "last_ping", "socket_opened", "trafficStats"),
    *("frames_left", "bytes_left", "metered_at"),
)


def _nothing() -> None:
    pass


class TwistedWire:
    """Writes prepared frames to the transport of one socket (see `realtime.wire.connection.Wire`).

    While nothing waits it writes to the kernel at once, without Twisted's write scheduling. It is the transport's
    producer, so that it hears of a slow reader.
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
        # Twisted has no public way to ask this; tests/realtime/serving/test_server.py checks these private names.
        if transport.dataBuffer or transport._tempDataLen:
            return False
        try:
            sent = self._socket.send(data)
        except OSError:  # its buffer is full, or it is gone (the transport notices that by itself)
            sent = 0
        if sent < len(data):
            transport.write(data[sent:])
        return True

    def waiting(self) -> int:
        transport = self._transport
        return len(transport.dataBuffer) - transport.offset + transport._tempDataLen  # type: ignore[no-any-return]

    def on_drained(self, call: Callable[[], None]) -> None:
        self._drained = call

    # What Twisted calls on a producer

    def pauseProducing(self) -> None:
        pass  # nothing to do: the outbox reads `waiting` before every write

    def resumeProducing(self) -> None:
        self._drained()

    def stopProducing(self) -> None:
        pass


class InputQueue:
    """The messages of one socket for its consumer; stops reading from the socket when it is behind.

    It has one reader. An `asyncio.Queue` would be a tenth of the memory of an idle socket.
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
        """Drop what was not taken yet, and stop reading from the socket.

        From now on only the socket's end may be put.
        """
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
    """The part of the handshake that daphne logs for an open socket."""

    path: str


class Unheard:
    """Replaces Autobahn's futures for the end of a socket, which nobody awaits."""

    def callback(self, result: object) -> None:
        pass


class Allowance:
    """How many frames and bytes one socket may send: far more than the limits on commands allow."""

    __slots__ = ("bytes", "bytes_a_second", "frames", "frames_a_second")

    def __init__(self, command_burst: int, commands_a_second: int, frame_bytes: int) -> None:
        self.frames = 400 + 4 * command_burst
        self.frames_a_second = 40 + 2 * commands_a_second
        self.bytes = 2 * command_burst * frame_bytes
        self.bytes_a_second = 2 * commands_a_second * frame_bytes


class SocketProtocol(WebSocketProtocol):
    """A socket that survives bad frames: the consumer learns of a frame that is too long or not UTF-8.

    Autobahn gives each connection some ninety attributes, the largest part of a silent connection's memory. So what all
    sockets share is an attribute of this class, and an open socket drops the data of its handshake.
    """

    wire: TwistedWire | None = None
    allowance: Allowance
    # What was left of the allowance at `metered_at` (monotonic seconds); unset until the first bytes come.
    frames_left = bytes_left = metered_at = 0.0
    flooded = False
    data: bytes  # bytes that came and are not processed yet
    request: Any  # has a `path`

    # Autobahn sets these on each connection; here are the values of an open one
    current_frame = localCloseCode = localCloseReason = remoteCloseCode = remoteCloseReason = wasNotCleanReason = None
    openHandshakeTimeoutCall = closeHandshakeTimeoutCall = autoPingPending = autoPingPendingCall = None
    autoPingTimeoutCall = autoPingPendingSent = trackedTimings = _perMessageCompress = None
    inside_message = triggered = closedByMe = failedByMe = droppedByMe = wasClean = wasOpenHandshakeTimeout = False
    wasMaxFramePayloadSizeExceeded = wasMaxMessagePayloadSizeExceeded = wasCloseHandshakeTimeout = False
    wasServerConnectionDropTimeout = wasServingFlashSocketPolicyFile = False
    send_state = AutobahnProtocol.SEND_STATE_GROUND
    autoPingPendingSeq = 0
    websocket_version = 13
    send_queue = ()  # we never write in fragments
    is_closed = Unheard()

    @classmethod
    def configure(cls, factory: WebSocketFactory) -> None:
        """Copy the settings from `factory` to the class once; otherwise each connection would copy them."""
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
        # Our consumers accept a socket even to refuse it. So this process has no database, and nginx asks the next.
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
        """Take what came, and charge it to the allowance before any work."""
        if self.flooded:
            return
        now, allowance = time.monotonic(), self.allowance
        past, self.metered_at = now - self.metered_at, now
        self.frames_left = min(allowance.frames, self.frames_left + past * allowance.frames_a_second)
        self.bytes_left = min(allowance.bytes, self.bytes_left + past * allowance.bytes_a_second) - len(data)
        if len(data) < SHORT_READ:  # a frame in many small reads costs as much as many frames
            self.frames_left -= 1
        if self.bytes_left < 0 or self.frames_left < 0:
            self._flood()
        elif self.state == STATE_CONNECTING and hasattr(self, "handshake_deferred"):
            self._wait_for_handshake(data)
        else:
            self._dataReceived(data)

    def _wait_for_handshake(self, data: bytes) -> None:
        """Keep bytes that came before our handshake answer.

        Autobahn would parse them as a second handshake, in an endless loop.
        """
        self.data += data
        if len(self.data) > settings.FRAME_BYTES:
            self.flooded = True
            self.transport.abortConnection()

    def _flood(self) -> bool:
        """End a socket that exceeds its allowance: say why, stop reading, and drop what it has sent.

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
        # Not at once, or the last error might not arrive.
        self.factory.reactor.callLater(LAST_WORDS, self.transport.abortConnection)
        return False

    def processData(self) -> bool:
        """Process a whole text frame in one step, as nearly all are; Autobahn gets all others, and all invalid ones.

        Returns whether there may be more to process.
        """
        if self.current_frame is None:  # a frame of any kind begins
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
        else:  # it sends commands and reads no answers
            self.transport.abortConnection()

    def serverClose(self, code: int | None = None) -> None:
        # Autobahn's sendClose refuses the codes of a failing or restarting server (1011, 1012).
        self.sendCloseFrame(code=1000 if code is None else code, isReply=False)


class SocketFactory(WebSocketFactory):
    protocol = SocketProtocol
