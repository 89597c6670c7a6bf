"""Fakes of what is outside realtime/: a socket's wire, a store, a channel layer that fails."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from channels.layers import InMemoryChannelLayer

from harness.asgi_client import AsgiClient
from harness.client import eventually
from realtime.consumers import SocketConsumer
from realtime.delivery.hub import Hub, Readback, Source
from realtime.delivery.publish import Delivery, Publication
from realtime.wire.connection import Connection
from realtime.wire.protocol import Frame


class FakeWire:
    """A wire that records what is written. While `stalled` nothing is sent; `drain` sends it."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.writes = 0
        self.stalled = False
        self._bytes = 0
        self._drained: Callable[[], None] = lambda: None

    def write(self, data: bytes, frames: list[Frame]) -> None:
        assert data == b"".join(frame.wire for frame in frames)
        self.texts += [frame.text for frame in frames]
        self.writes += 1
        if self.stalled:
            self._bytes += len(data)

    def write_if_idle(self, data: bytes, frames: list[Frame]) -> bool:
        if self._bytes:
            return False
        self.write(data, frames)
        return True

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
    """A connection whose client is the test. `texts`: what it received."""

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
    """Return a publication with the text `[number, key]`."""
    return Publication(topic, delivery, json.dumps([number, key]) if text is None else text, number, key)


def parts(texts: Iterable[str]) -> list[tuple[int, str]]:
    """Return `(number, key)` of everything that a reader received."""
    return [(number, key) for number, key in map(json.loads, texts)]


class Store(Source):
    """A store of topics: numbered changes. A later change replaces an earlier one of the same key.

    In a log, a key is a message. In a topic of values, the key "" replaces all others.
    """

    def __init__(self, delivery: Delivery) -> None:
        self.delivery = delivery
        self.heads_of: dict[str, int] = defaultdict(int)
        self.state: dict[str, dict[str, int]] = defaultdict(dict)
        self.reads = self.comparisons = 0
        self.page = 1000
        self.broken = False
        self.coming = False
        self.slow = False  # the answer is ready, but is not returned before `let_go`
        self._free = asyncio.Event()

    def change(self, topic: str, *keys: str) -> list[Publication]:
        """Make one change of these keys; return its publications."""
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

    def is_coming(self, topic: str) -> bool:
        return self.coming

    def let_go(self) -> None:
        self.slow = False
        self._free.set()

    # As a source of the hub

    async def heads(self, topics: Collection[str]) -> Mapping[str, int]:
        self.comparisons += 1
        found = {topic: self.heads_of[topic] for topic in topics if topic in self.heads_of}
        await self._take_time()
        return found

    async def read(self, topic: str, after: int) -> Readback:
        self.reads += 1
        readback = self.read_now(topic, after)
        await self._take_time()
        return readback

    async def _take_time(self) -> None:
        await asyncio.sleep(0)
        if self.slow:
            await self._free.wait()
        if self.broken:
            raise ConnectionError("the store is away")


class ShakyLayer(InMemoryChannelLayer):
    """An in-memory layer that fails as told.

    `loses(group, message)` says whether a message is lost. `failing` names methods that raise; `hanging` names methods
    that do not return before `let_go`.
    """

    def __init__(self) -> None:
        super().__init__(capacity=100_000)
        self.loses: Callable[[str, dict[str, Any]], bool] = lambda group, message: False
        self.failing: set[str] = set()
        self.hanging: set[str] = set()
        self.calls: list[tuple[str, str]] = []
        self._free = asyncio.Event()

    def let_go(self) -> None:
        self.hanging.clear()
        self._free.set()

    def count(self, method: str, name: str) -> int:
        return self.calls.count((method, name))

    async def _go_through(self, method: str, name: str = "") -> None:
        self.calls.append((method, name))
        if method in self.hanging:
            await self._free.wait()
        if method in self.failing:
            raise ConnectionError(f"{method} failed")

    async def new_channel(self, prefix: str = "specific.") -> str:
        await self._go_through("new_channel")
        return str(await super().new_channel(prefix))

    async def receive(self, channel: str) -> dict[str, Any]:
        await self._go_through("receive")
        message: dict[str, Any] = await super().receive(channel)
        return message

    async def group_add(self, group: str, channel: str) -> None:
        await self._go_through("group_add", group)
        await super().group_add(group, channel)

    async def group_discard(self, group: str, channel: str) -> None:
        await self._go_through("group_discard", group)
        await super().group_discard(group, channel)

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        await self._go_through("group_send", group)
        if not self.loses(group, message):
            await super().group_send(group, message)


# Verbs of the tests of hub and link


async def seat(hub: Hub, topic: str, after: int = 0) -> Reader:
    """Return a reader that is subscribed to what is newer than `after`."""
    reader = Reader()
    await hub.subscribe(topic, reader)
    await hub.release(topic, reader, after)
    return reader


def numbers(reader: Reader) -> list[int]:
    return [number for number, _ in parts(reader.texts)]


async def assert_numbers(reader: Reader, *wanted: int) -> None:
    """The reader gets exactly these, in this order."""
    await eventually(lambda: len(reader.texts) >= len(wanted))
    assert numbers(reader) == list(wanted)


async def settle() -> None:
    """Run everything that does not wait for time."""
    for _ in range(20):
        await asyncio.sleep(0)


# Sockets of consumers, without a server


class Person:
    """Somebody who is signed in, as far as realtime/ cares."""

    is_authenticated = True
    is_bot = is_guest = False

    def __init__(self, pk: int, name: str = "Ada") -> None:
        self.pk = pk
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Person) and other.pk == self.pk

    def __hash__(self) -> int:
        return hash(self.pk)

    def on_wire(self) -> dict[str, Any]:
        return {"id": self.pk, "name": self.name, "guest": False}


OUR_HOST = "chat.example.org"
OUR_ORIGIN = f"http://{OUR_HOST}"


class ConsumerClient(AsgiClient):
    """A socket to one consumer."""

    def __init__(
        self,
        consumer: type[SocketConsumer],
        person: Person | None = None,
        origin: str | None = OUR_ORIGIN,
        **scope: Any,
    ) -> None:
        headers = {"host": OUR_HOST} | ({"origin": origin} if origin else {})
        super().__init__(consumer.as_asgi(), headers=headers, user=person, **scope)
