"""How a connection joins topics: subscribe, read the store, send what was read, then hear what is newer.

This order loses nothing and delivers nothing twice (docs/architecture.md, Hub). So every consumer joins through
`joining`, and nothing else calls `Hub.release`.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager

from realtime.delivery.hub import Hub
from realtime.wire.connection import Connection
from realtime.wire.protocol import Close


class Joining:
    """A connection that has subscribed to topics and is being sent what the store has of them."""

    def __init__(self, hub: Hub, connection: Connection) -> None:
        self._hub = hub
        self._connection = connection
        self._told: dict[str, int] = {}
        self.names: dict[str, None] = {}

    async def subscribe(self, names: Iterable[str]) -> bool:
        """Subscribe to the missing ones of `names`. Return whether there were any; if so, read the store again."""
        missing = [name for name in names if name not in self.names]
        for name in missing:
            self.names[name] = None
            await self._hub.subscribe(name, self._connection)
        return bool(missing)

    @property
    def goes_on(self) -> bool:
        """False when the connection was unsubscribed meanwhile, or has closed."""
        return self._connection.topics.keys() >= self.names.keys()

    def tell(self, numbers: Mapping[str, int]) -> None:
        """Note, for each topic, the number up to which the connection has been sent everything."""
        self._told |= numbers

    async def release(self) -> None:
        for name, number in self._told.items():
            await self._hub.release(name, self._connection, number)


@asynccontextmanager
async def joining(hub: Hub, connection: Connection, names: Iterable[str]) -> AsyncIterator[Joining]:
    """Subscribe `connection` to `names` and hold back what is published on them; the body reads, sends and `tell`s.

        async with joining(hub, connection, [topic]) as join:
            page = await read()
            connection.send(page.event)
            join.tell({topic: page.number})

    Afterwards the connection gets what is newer than the numbers told. A topic without a told number stays held back
    until the connection joins it again. An error in the body ends all these subscriptions, also those that the
    connection had before. When what is newer cannot be read afterwards, the connection is closed with `RESYNC`.
    """
    join = Joining(hub, connection)
    try:
        await join.subscribe(names)
        yield join
    except BaseException:
        for name in join.names:
            await hub.unsubscribe(name, connection)
        raise
    try:
        await join.release()
    except Exception:
        await connection.close(Close.RESYNC)  # it has its page, but cannot be sent what follows
        raise
