"""Clients that come back whenever their socket breaks, as docs/protocol.md says a client should."""

import asyncio
import random
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Self

from websockets.exceptions import WebSocketException

from harness.client import Client, Event, eventually
from harness.cluster import Cluster


class ReconnectingClient:
    """Keeps a socket to one room, comes back when it breaks, and records every message event."""

    def __init__(self, client: Client, room: str) -> None:
        self.client = client
        self.room = room
        self.place: int | None = None
        self.received: list[Event] = []
        self.processes: list[str] = []
        self.is_joined = False

    @classmethod
    @asynccontextmanager
    async def joined(cls, cluster: Cluster, name: str, room: str) -> AsyncIterator[Self]:
        """Sign in as a guest and join `room`; stay there until the end of the block."""
        async with await Client.guest(cluster.nginx.address, name, cluster.nginx.tls) as client:
            reconnecting = cls(client, room)
            task = asyncio.create_task(reconnecting._reconnect())
            try:
                await eventually(lambda: reconnecting.is_joined)
                yield reconnecting
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def _reconnect(self) -> None:
        delay = 0.1
        while True:
            with suppress(OSError, WebSocketException, AssertionError):  # refused, cut off, closed: come back
                await self._stay()
            self.is_joined = False
            await asyncio.sleep(random.uniform(0, delay))
            delay = min(delay * 2, 2)

    async def _stay(self) -> None:
        hello = await self.client.connect()
        self.processes.append(hello["process"])
        complete = False
        while not complete:
            after = {} if self.place is None else {"after": self.place}
            page = await self.client.call("join", room=self.room, **after)
            if self.place is not None:
                self._record(page["messages"])
            complete = page["complete"]
            if complete:
                self.place = max(self.place or 0, page["rev"])
        self.is_joined = True
        while True:
            self._record([await self.client.assert_event("message", seconds=3600, room=self.room)])

    def _record(self, messages: list[Event]) -> None:
        self.received += messages
        self.place = max([self.place or 0, *(message["rev"] for message in messages)])

    async def post(self, body: str) -> Event:
        """Post a message, again with the same id until it is acknowledged, and return the ack."""
        id = str(uuid.uuid4())
        while True:
            await eventually(lambda: self.is_joined, seconds=30)
            try:
                return await self.client.say(self.room, body, id=id)
            except (OSError, WebSocketException, AssertionError):
                await asyncio.sleep(0.1)

    @property
    def bodies(self) -> list[str]:
        return [message["body"] for message in self.received]


async def connect_to_all(stack: AsyncExitStack, cluster: Cluster, least: int) -> list[ReconnectingClient]:
    """Connect clients until both processes have some. For 2 s nginx avoids a process that has just come back."""
    clients: list[ReconnectingClient] = []

    async def enough() -> bool:
        client = ReconnectingClient.joined(cluster, f"Client {len(clients)}", "lobby")
        clients.append(await stack.enter_async_context(client))
        return len(clients) >= least and len({each.processes[-1] for each in clients}) > 1

    await eventually(enough)
    return clients
