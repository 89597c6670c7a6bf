"""The worker: holds the leases, runs the producers, and passes their readings to the writer.

Producers, writer, leases and pruning have their own threads, so that a slow one does not delay the others.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine, Mapping
from typing import Any, Final

from realtime.delivery.publish import publish
from streams import leases, produced
from streams.producers.registry import Producer, all_producers, in_the_way
from streams.producing.running import run
from streams.producing.writer import Writer
from streams.retention import pruning
from streams.sources.configured import configured_producers
from streams.store import StreamReading
from streams.threads import DatabaseThread, ThreadsOnDemand
from streams.values import Reading

log = logging.getLogger(__name__)

#: Seconds between prunings.
PRUNE_EVERY: Final = 60.0


_duties: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {}


def register_duty(name: str, duty: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run `duty` in every worker until it is cancelled. Call this in `AppConfig.ready`."""
    _duties[name] = duty


class Worker:
    """One run of the worker over `producers` and the producers that `configured` returns at the time, by stream slug.

    Invariant: a producer runs here only while `_running` has the token of its stream's lease. Its readings are written
    under that token or not at all.
    """

    def __init__(
        self,
        producers: Mapping[str, Producer],
        configured: Callable[[], Mapping[str, Producer]] = configured_producers,
    ) -> None:
        self._written = producers
        self._configured = configured
        self._known: Mapping[str, Producer] = {}
        self.holder = leases.new_holder()
        self.writer = Writer()
        self._streams: dict[int, Producer] = {}
        self._running: dict[int, tuple[int, Producer, asyncio.Task[None]]] = {}
        self._producer_threads = ThreadsOnDemand("producer")
        self._lease_thread = DatabaseThread("lease")
        self._prune_thread = DatabaseThread("prune")

    async def run(self) -> None:
        """Work until cancelled; then write what waits and give up the leases."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.writer.run(), name="writer")
                group.create_task(self._keep_leases(), name="leases")
                group.create_task(self._keep_pruning(), name="pruning")
                for name, duty in _duties.items():
                    group.create_task(duty(), name=name)
        finally:
            await asyncio.shield(self._end())

    async def _end(self) -> None:
        await self._stop(list(self._running))
        try:
            await self.writer.end()
            await self._lease_thread.call(leases.release, self.holder)
        except Exception:
            log.exception("The worker did not end well; its leases run out by themselves")
        self._producer_threads.shutdown()
        self._lease_thread.end()
        self._prune_thread.end()

    async def _keep_leases(self) -> None:
        while True:
            try:
                await self._follow(await self._lease_thread.call(self._hold))
            except Exception:
                log.exception("The leases could not be renewed; the next try is in %.0f s", leases.RENEW)
            await asyncio.sleep(leases.RENEW)

    def _hold(self) -> dict[int, int]:
        """Find the present producers, and return the tokens of the leases that this worker holds."""
        producers = {**self._configured(), **self._written}
        if producers != self._known:
            found = produced.ensure_produced(list(producers.values()))
            self._streams = {pk: producers[slug] for slug, pk in found.items()}
            for pk, kind in produced.misfits(self._streams).items():
                self._streams[pk] = in_the_way(self._streams[pk], kind)
            self._known = producers
        return leases.hold(self.holder, list(self._streams))

    async def _follow(self, held: Mapping[int, int]) -> None:
        """Run exactly the producers whose leases this worker holds, each from its stream's last value on."""
        over: list[int] = []
        for pk, (token, producer, task) in self._running.items():
            is_ours = held.get(pk) == token and (pk, token) not in self.writer.lost
            if not is_ours or task.done() or producer != self._streams[pk]:
                over.append(pk)
        self.writer.lost.clear()
        await self._stop(over)
        for pk, token in held.items():
            if pk not in self._running:
                self._start(pk, token, await self._lease_thread.call(produced.last_value, pk))

    def _start(self, pk: int, token: int, last: Any) -> None:
        producer = self._streams[pk]

        async def say(reading: Reading) -> None:
            await self.writer.put(StreamReading(pk, token, reading))

        work = run(producer, last, say, self._producer_threads)
        self._running[pk] = token, producer, asyncio.create_task(work, name=f"producer {producer.slug}")

    async def _stop(self, pks: Collection[int]) -> None:
        """End the producers of these streams; wait until the writer has all their readings."""
        tasks = [self._running[pk][2] for pk in pks]
        for task in tasks:
            if not task.cancelling():
                task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        for pk in pks:
            del self._running[pk]

    async def _keep_pruning(self) -> None:
        while True:
            await asyncio.sleep(PRUNE_EVERY)
            try:
                await self._prune_thread.call(pruning.prune)
            except Exception:
                log.exception("Old samples could not be deleted; the next try is in %.0f s", PRUNE_EVERY)


async def work() -> None:
    """Run all producers in this process until cancelled; used by servers on the in-memory channel layer."""
    await Worker(all_producers()).run()


async def watch() -> None:
    """Publish when streams have lost their worker. Runs in every server process and never returns."""
    thread = DatabaseThread("watch")
    try:
        while True:
            await publish(await thread.call(leases.mark_orphans))
            await asyncio.sleep(leases.RENEW)
    finally:
        thread.end()
