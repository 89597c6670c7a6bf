"""Stand-ins for what is outside of realtime/: a socket's wire, a store, a channel layer that fails."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from realtime.connection import Connection
from realtime.hub import Readback
from realtime.protocol import Frame
from realtime.publish import Delivery, Publication


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


def publication(
    topic: str, number: int, key: str = "", delivery: Delivery = Delivery.LOG, text: str | None = None
) -> Publication:
    """Return a publication whose text says what it is: `[number, key]`."""
    return Publication(topic, delivery, json.dumps([number, key]) if text is None else text, number, key)


def parts(texts: Iterable[str]) -> list[tuple[int, str]]:
    """Return `(number, key)` of what a reader got."""
    return [(number, key) for number, key in map(json.loads, texts)]


class Store:
    """The truth about topics: numbered changes, of which a later one replaces an earlier one of the same key.

    In a log a key is a message. On a topic of values the key "" replaces all others.
    """

    def __init__(self, delivery: Delivery) -> None:
        self.delivery = delivery
        self.heads_of: dict[str, int] = defaultdict(int)
        self.state: dict[str, dict[str, int]] = defaultdict(dict)
        self.reads = 0
        self.page = 1000
        self.broken = False

    def change(self, topic: str, *keys: str) -> list[Publication]:
        """Make one change of these keys; return what tells of it."""
        self.heads_of[topic] += 1
        number = self.heads_of[topic]
        for key in keys:
            if not key and self.delivery is Delivery.LATEST:
                self.state[topic].clear()
            self.state[topic].pop(key, None)
            self.state[topic][key] = number
        return [publication(topic, number, key, self.delivery) for key in keys]

    def post(self, topic: str) -> Publication:
        """Make one change of a key that nothing replaces."""
        (item,) = self.change(topic, f"message {self.heads_of[topic] + 1}")
        return item

    def read_now(self, topic: str, after: int) -> Readback:
        items = sorted((number, key) for key, number in self.state[topic].items() if number > after)
        reached = self.heads_of[topic]
        if len(items) > self.page:
            reached = items[self.page - 1][0]  # whole changes only
            items = [item for item in items if item[0] <= reached]
        return Readback(reached, [publication(topic, number, key, self.delivery) for number, key in items])

    # As a source of the hub

    async def heads(self, topics: Collection[str]) -> Mapping[str, int]:
        if self.broken:
            raise ConnectionError("the store is away")
        return {topic: self.heads_of[topic] for topic in topics if topic in self.heads_of}

    async def read(self, topic: str, after: int) -> Readback:
        if self.broken:
            raise ConnectionError("the store is away")
        self.reads += 1
        await asyncio.sleep(0)
        return self.read_now(topic, after)
