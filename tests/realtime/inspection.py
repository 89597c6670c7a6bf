"""Endpoints with which test_server.py looks into a real server. They run in that server's process."""

import asyncio
import gc
import os
from collections.abc import Collection, Mapping
from typing import Any, ClassVar

import psutil
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

from realtime.consumers import SocketConsumer
from realtime.delivery.hub import Readback, Source, register_source
from realtime.delivery.publish import Delivery, Publication, publish
from realtime.echo import EchoConsumer
from realtime.serving.sockets import SocketProtocol
from realtime.wire.protocol import Close, Command, Refused, encode

http = get_asgi_application()


class Subscribe(Command, tag="subscribe"):
    topic: str


class Publish(Command, tag="publish"):
    """Publish `count` events of `size` characters each."""

    topic: str
    count: int = 1
    size: int = 0
    pause: float = 0.0  # seconds after each


class Mix(Command, tag="mix"):
    """Send `count` events, every other one as prepared frames and the rest by plain ASGI."""

    count: int


class Hold(Command, tag="hold"):
    """Do not come back before somebody says `release`."""


class Release(Command, tag="release"):
    pass


class Look(Command, tag="look"):
    pass


class Fail(Command, tag="fail"):
    """Close with this code, as the server itself would."""

    code: int


class Memory(Source):
    """A store of numbered events, one of each delivery class."""

    def __init__(self, kind: str, delivery: Delivery) -> None:
        self.delivery = delivery
        self.items: dict[str, list[Publication]] = {}
        register_source(kind, self)

    def add(self, topic: str, size: int) -> Publication:
        items = self.items.setdefault(topic, [])
        number = len(items) + 1
        text = encode({"type": "item", "number": number, "body": "x" * size})
        items.append(Publication(topic, self.delivery, text, number))
        return items[-1]

    async def heads(self, topics: Collection[str]) -> Mapping[str, int]:
        return {topic: len(self.items.get(topic, [])) for topic in topics}

    async def read(self, topic: str, after: int) -> Readback:
        items = self.items.get(topic, [])[after:]
        return Readback(after + len(items), items if self.delivery is Delivery.LOG else items[-1:])


STORES = {"log": Memory("log", Delivery.LOG), "value": Memory("value", Delivery.LATEST)}


class InspectionConsumer(SocketConsumer):
    commands: ClassVar[Any] = Subscribe | Publish | Mix | Hold | Release | Look | Fail
    signed_in = False
    any_origin = True
    mixed: ClassVar[bool] = False
    released: ClassVar[asyncio.Event | None] = None
    queues: ClassVar[list[asyncio.Queue[Any]]] = []

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.plain_send = send
        self.queue = receive.__self__
        self.queues.append(self.queue)
        await super().__call__(scope, receive, send)

    async def closed(self) -> None:
        self.queues.remove(self.queue)

    async def on_subscribe(self, command: Subscribe) -> None:
        async with self.joining(command.topic) as join:
            join.tell({command.topic: 0})
        self.answer(command, {"type": "ok"})

    async def on_publish(self, command: Publish) -> None:
        store = STORES[command.topic.partition(".")[0]]
        for _ in range(command.count):
            await publish([store.add(command.topic, command.size)])
            await asyncio.sleep(command.pause)
        self.answer(command, {"type": "ok"})

    async def on_mix(self, command: Mix) -> None:
        InspectionConsumer.mixed = False
        for number in range(command.count):
            event = {"type": "mixed", "number": number, "body": "x" * (number % 7 * 1000)}
            if number % 2:
                self.connection.send(event)
            else:
                await self.plain_send({"type": "websocket.send", "text": encode(event)})
        InspectionConsumer.mixed = True

    async def on_hold(self, command: Hold) -> None:
        InspectionConsumer.released = asyncio.Event()
        await InspectionConsumer.released.wait()
        self.answer(command, {"type": "ok"})

    async def on_release(self, command: Release) -> None:
        assert InspectionConsumer.released
        InspectionConsumer.released.set()
        self.answer(command, {"type": "ok"})

    async def on_look(self, command: Look) -> None:
        looked = {
            "type": "looked",
            "sockets": len(self.hub.connections),
            "kept": sum(issubclass(type(each), SocketProtocol | SocketConsumer) for each in gc.get_objects()),
            "mixed": self.mixed,
            "requests": len(under_way),
            "queued": max(queue.qsize() for queue in self.queues),
            "memory": psutil.Process(os.getpid()).memory_info().rss,
        }
        self.answer(command, looked)

    async def on_fail(self, command: Fail) -> None:
        if command.code == 1011:
            await self.connection.close(1011)
            return
        raise Refused(Close(command.code), "forbidden", "As you wish.")


under_way: list[str] = []


async def slow_or_django(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["path"] != "/slow/":
        await http(scope, receive, send)
        return
    under_way.append("/slow/")
    await asyncio.sleep(1)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
    await send({"type": "http.response.body", "body": b"done"})
    under_way.remove("/slow/")


application = ProtocolTypeRouter(
    {
        "http": slow_or_django,
        "websocket": URLRouter([path("echo/", EchoConsumer.as_asgi()), path("inspect/", InspectionConsumer.as_asgi())]),
    }
)
