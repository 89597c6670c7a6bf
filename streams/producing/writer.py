"""The worker's writer: readings that arrive while one batch is stored form the next batch.

Publishing is a separate task, so that a channel layer that hangs does not delay writes. Publications that wait are
conflated (`realtime/wire/newest.py`); hubs read what is left out back from the store.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from django.db import InterfaceError, OperationalError

from realtime.delivery.publish import Publication, publish
from realtime.wire.newest import Newest
from streams import store
from streams.store import Recorded, StreamReading
from streams.threads import DatabaseThread

log = logging.getLogger(__name__)

#: When this many readings wait, producers have to wait too.
WAITING: Final = 10_000
#: Seconds before a failed write is tried again: first, and at most.
PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 10.0
#: Seconds that the last batches may take at shutdown.
PATIENCE: Final = 5.0

#: Errors of a database that is away or busy, unlike those of one that refuses a value.
Away: Final = (OperationalError, InterfaceError)


class Writer:
    """Stores readings and publishes them after the commit.

    `lost` collects the (stream, token) pairs that the store refused because another worker has the lease.
    """

    def __init__(self) -> None:
        self.lost: set[tuple[int, int]] = set()
        self._waiting: asyncio.Queue[StreamReading] = asyncio.Queue()
        self._room = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None
        self._publishing: asyncio.Task[None] | None = None
        self._unpublished: Newest[Publication] = Newest()
        self._news = asyncio.Event()
        self._thread = DatabaseThread("writer")

    async def put(self, reading: StreamReading) -> None:
        """Queue `reading` to be stored; then wait while too many readings wait."""
        self._waiting.put_nowait(reading)
        if self._waiting.qsize() >= WAITING:
            self._room.clear()
            await self._room.wait()

    async def run(self) -> None:
        """Write and publish until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_writing(), name="writing")
            group.create_task(self._keep_publishing(), name="publishing")

    async def _keep_writing(self) -> None:
        while True:
            batch = [await self._waiting.get(), *self._take_waiting()]
            self._writing = asyncio.create_task(self._write(batch))
            # Finish a batch when cancelled, so that what is committed is also published.
            await asyncio.shield(self._writing)

    async def _keep_publishing(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            self._publishing = asyncio.create_task(self._publish())
            await asyncio.shield(self._publishing)

    async def _publish(self) -> None:
        await publish([publication for _, _, publication in self._unpublished.take()])

    async def end(self) -> None:
        """Finish the running batch, then write and publish what waits. Raises TimeoutError when that hangs."""
        try:
            async with asyncio.timeout(PATIENCE):
                if self._writing is not None:
                    await self._writing
                while batch := self._take_waiting():
                    await self._write(batch)
                if self._publishing is not None:
                    await self._publishing
                await self._publish()
        finally:
            self._thread.end()

    def _take_waiting(self) -> list[StreamReading]:
        self._room.set()
        return [self._waiting.get_nowait() for _ in range(self._waiting.qsize())]

    async def _write(self, batch: Sequence[StreamReading]) -> None:
        """Write a batch, with as many tries as it needs."""
        pause = PAUSE
        while True:
            try:
                recorded = await self._record(batch)
            except Away as error:
                log.warning("Samples could not be stored, next try in %.1f s: %s", pause, error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                break
        self.lost |= {(item.stream, item.token) for item in batch if item.stream in recorded.lost}
        for publication in recorded.publications:
            self._unpublished.put(publication.topic, publication.key, publication)
        self._news.set()

    async def _record(self, batch: Sequence[StreamReading]) -> Recorded:
        try:
            return await self._thread.call(store.record, batch)
        except Away:
            raise
        except Exception:
            log.exception("A batch could not be stored; its streams are stored one by one")
        recorded = Recorded()
        for pk in sorted({reading.stream for reading in batch}):
            try:
                part = await self._thread.call(store.record, [item for item in batch if item.stream == pk])
            except Away:
                raise
            except Exception:
                log.exception("The values of stream %s could not be stored and are lost", pk)
            else:
                recorded.publications += part.publications
                recorded.lost |= part.lost
        return recorded
