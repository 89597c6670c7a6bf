"""People who stay in a room whatever happens to the servers, as docs/protocol.md says a client should."""

import asyncio
import random
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Self

from websockets.exceptions import WebSocketException

from harness.client import Client, Event, eventually
from harness.cluster import Cluster


class Resident:
    """Keeps a socket to one room, comes back when it breaks, and writes down every message event."""

    def __init__(self, client: Client, room: str) -> None:
        self.client = client
        self.room = room
        self.place: int | None = None
        self.got: list[Event] = []
        self.processes: list[str] = []
        self.is_there = False

    @classmethod
    @asynccontextmanager
    async def arrive(cls, cluster: Cluster, name: str, room: str) -> AsyncIterator[Self]:
        async with await Client.guest(cluster.nginx.address, name, cluster.nginx.tls) as client:
            resident = cls(client, room)
            staying = asyncio.create_task(resident._stay())
            try:
                await eventually(lambda: resident.is_there)
                yield resident
            finally:
                staying.cancel()
                await asyncio.gather(staying, return_exceptions=True)

    async def _stay(self) -> None:
        delay = 0.1
        while True:
            with suppress(OSError, WebSocketException, AssertionError):  # refused, cut off, closed: come back
                await self._visit()
            self.is_there = False
            await asyncio.sleep(random.uniform(0, delay))
            delay = min(delay * 2, 2)

    async def _visit(self) -> None:
        hello = await self.client.connect()
        self.processes.append(hello["process"])
        complete = False
        while not complete:
            after = {} if self.place is None else {"after": self.place}
            page = await self.client.call("join", room=self.room, **after)
            if self.place is not None:
                self._write_down(page["messages"])
            complete = page["complete"]
            if complete:
                self.place = max(self.place or 0, page["rev"])
        self.is_there = True
        while True:
            self._write_down([await self.client.assert_event("message", seconds=3600, room=self.room)])

    def _write_down(self, messages: list[Event]) -> None:
        self.got += messages
        self.place = max([self.place or 0, *(message["rev"] for message in messages)])

    async def post(self, body: str) -> Event:
        """Post a message, again with the same id until it is acknowledged, and return the ack."""
        id = str(uuid.uuid4())
        while True:
            await eventually(lambda: self.is_there, seconds=30)
            try:
                return await self.client.say(self.room, body, id=id)
            except (OSError, WebSocketException, AssertionError):
                await asyncio.sleep(0.1)

    @property
    def bodies(self) -> list[str]:
        return [message["body"] for message in self.got]


async def arrive(stack: AsyncExitStack, cluster: Cluster, least: int) -> list[Resident]:
    """Take people in until both processes have some; nginx avoids for 2 s one that has just come back."""
    people: list[Resident] = []

    async def enough() -> bool:
        resident = Resident.arrive(cluster, f"Resident {len(people)}", "lobby")
        people.append(await stack.enter_async_context(resident))
        return len(people) >= least and len({person.processes[-1] for person in people}) > 1

    await eventually(enough)
    return people
