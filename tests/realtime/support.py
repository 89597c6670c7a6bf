"""Stand-ins for what is outside of realtime/: a socket's wire, a store, a channel layer that fails."""

import asyncio
from collections.abc import Callable
from typing import Any

from realtime.connection import Connection
from realtime.protocol import Frame


class FakeWire:
    """A wire that notes what is written. While `stalled` nothing leaves; `drain` lets it go."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.stalled = False
        self._bytes = 0
        self._drained: Callable[[], None] = lambda: None

    def write(self, data: bytes, frames: list[Frame]) -> None:
        assert data == b"".join(frame.wire for frame in frames)
        self.texts += [frame.text for frame in frames]
        if self.stalled:
            self._bytes += len(data)

    def waiting(self) -> int:
        return self._bytes

    def on_drained(self, call: Callable[[], None]) -> None:
        self._drained = call

    def drain(self) -> None:
        self.stalled = False
        self._bytes = 0
        self._drained()


class FakeSend:
    """An ASGI `send` that notes its messages."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.open = asyncio.Event()
        self.open.set()

    async def __call__(self, message: dict[str, Any]) -> None:
        await self.open.wait()
        self.messages.append(message)

    @property
    def texts(self) -> list[str]:
        return [message["text"] for message in self.messages if message["type"] == "websocket.send"]

    @property
    def close_codes(self) -> list[int]:
        return [message["code"] for message in self.messages if message["type"] == "websocket.close"]


class Reader(Connection):
    """A connection whose client is the test: `texts` is what it got."""

    def __init__(self) -> None:
        self.fake_wire = FakeWire()
        self.fake_send = FakeSend()
        super().__init__(self.fake_send, self.fake_wire)
        self.controls: list[tuple[str, str]] = []
        self.on_control = lambda topic, text: self.controls.append((topic, text))

    @property
    def texts(self) -> list[str]:
        return self.fake_wire.texts

    @property
    def close_codes(self) -> list[int]:
        return self.fake_send.close_codes
