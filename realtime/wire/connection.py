"""One open socket, as hub and consumer see it: frames go in and leave by the fastest way available."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Final, Protocol

from django.conf import settings

from realtime.wire import protocol
from realtime.wire.outbox import Outbox, Verdict
from realtime.wire.protocol import Close, CommandError, Frame

#: Seconds that written frames get to leave before a close, where no buffer size is known, only `send`.
CLOSE_PATIENCE: Final = 5.0
#: The ASGI extension by which our server hands a socket's `Wire` to its consumer.
EXTENSION: Final = "switchboard.frames"
#: The ASGI extension by which a consumer lets our server run the rest of it, outside the middlewares it came through.
HAND_OVER: Final = "switchboard.hand_over"

Send = Callable[[dict[str, Any]], Awaitable[None]]


class Wire(Protocol):
    """A way to write prepared frames."""

    def write(self, data: bytes, frames: list[Frame]) -> None:
        """Write `frames`, whose joined bytes are `data`, without waiting."""

    def write_if_idle(self, data: bytes, frames: list[Frame]) -> bool:
        """Write them if everything written before is sent; return whether it was."""

    def waiting(self) -> int:
        """Return how many bytes are not sent yet."""

    def on_drained(self, call: Callable[[], None]) -> None:
        """Run `call` whenever everything that waited has been sent."""


class AsgiWire:
    """Works on every ASGI server: one `send` per frame, in its own task."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._queue: deque[Frame] = deque()
        self._bytes = 0
        self._task: asyncio.Task[None] | None = None
        self._drained: Callable[[], None] = lambda: None

    def write(self, data: bytes, frames: list[Frame]) -> None:
        self._queue.extend(frames)
        self._bytes += len(data)
        if self._task is None:
            self._task = asyncio.create_task(self._pump())

    def write_if_idle(self, data: bytes, frames: list[Frame]) -> bool:
        if self._bytes:
            return False
        self.write(data, frames)
        return True

    def waiting(self) -> int:
        return self._bytes

    def on_drained(self, call: Callable[[], None]) -> None:
        self._drained = call

    async def flush(self) -> None:
        """Wait until all is sent, for a short time at most."""
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=CLOSE_PATIENCE)

    async def _pump(self) -> None:
        try:
            while self._queue:
                frame = self._queue.popleft()
                await self._send({"type": "websocket.send", "text": frame.text})
                self._bytes -= len(frame)
        except OSError:  # how ASGI says that the client has gone
            self._queue.clear()
            self._bytes = 0
        finally:
            self._task = None
        self._drained()


class Connection:
    """A socket that a consumer writes to and a hub fans out to. Invariant: after `close` nothing more is written."""

    __slots__ = (
        "_asgi_send",
        "_closing",
        "_outbox",
        "_wire",
        "close_code",
        "closed",
        "is_still",
        "on_control",
        "topics",
    )

    def __init__(self, send: Send, wire: Wire | None) -> None:
        self._asgi_send = send
        self._wire: Wire = wire or AsgiWire(send)
        self._wire.on_drained(self._drained)
        self._outbox = Outbox(settings.OUTBOX_BYTES)
        self.closed = False
        self.close_code: int | None = None
        self._closing: asyncio.Task[None] | None = None
        #: The client does not show who is typing, so it gets no typing events.
        self.is_still = False
        self.topics: dict[str, None] = {}  # kept by the hub; smaller than a set
        #: CONTROL publications of subscribed topics, for the consumer.
        self.on_control: Callable[[str, str], None] = lambda topic, text: None

    def send(self, event: Mapping[str, Any]) -> None:
        """Send one event to this client alone."""
        self.send_text(protocol.encode(event))

    def send_text(self, text: str) -> None:
        """Send an event that is JSON text already."""
        self.write_frame(Frame(text))

    def write_frame(self, frame: Frame) -> None:
        self.write(frame.wire, [frame])

    def write(self, data: bytes, frames: list[Frame]) -> None:
        """Write frames that may not be lost; close the connection with 4503 when its reader is too slow."""
        if self.closed or self._wire.write_if_idle(data, frames):
            return
        if self._outbox.must(len(data), self._wire.waiting()) is Verdict.CLOSE:
            self._give_up()
        else:
            self._wire.write(data, frames)

    def write_latest(self, keys: list[tuple[str, str]], frames: list[Frame], data: bytes) -> None:
        """Write values, whose joined bytes are `data`, under their keys (topic, key in it).

        While the reader is slow, only the newest of each key waits.
        """
        if self.closed or (self._outbox.is_empty() and self._wire.write_if_idle(data, frames)):
            return
        for key, frame in zip(keys, frames, strict=True):
            if self._outbox.latest(key, frame, self._wire.waiting()) is Verdict.WRITE:
                self._wire.write(frame.wire, [frame])

    def write_ephemeral(self, data: bytes, frames: list[Frame]) -> None:
        """Write frames that may be lost; drop them when the reader is slow."""
        if not self.closed and not self.is_still and self._outbox.ephemeral(self._wire.waiting()) is Verdict.WRITE:
            self._wire.write(data, frames)

    def forget_latest(self, topic: str) -> None:
        """Drop the values of `topic` that still wait."""
        self._outbox.forget(topic)

    async def close(self, code: int) -> None:
        """Close the socket with `code`, after what was written before."""
        if not self.closed:
            self._end(code)
            await self._hang_up(code)

    def _give_up(self) -> None:
        # Closed from here on, so that a smaller frame that fits cannot follow the dropped one.
        self._end(Close.RESYNC)
        self._closing = asyncio.ensure_future(self._hang_up(Close.RESYNC))

    def _end(self, code: int) -> None:
        self.closed = True
        self.close_code = code

    async def _hang_up(self, code: int) -> None:
        if isinstance(self._wire, AsgiWire):
            await self._wire.flush()
        with suppress(OSError):
            await self._asgi_send({"type": "websocket.close", "code": int(code)})

    def refuse(self, error: CommandError) -> None:
        """Send an `error` event."""
        self.send(error.event())

    def _drained(self) -> None:
        frames = self._outbox.take()
        if frames and not self.closed:
            self._wire.write(b"".join(frame.wire for frame in frames), frames)
