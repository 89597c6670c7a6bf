"""The writer, one per process. All changes that queue while a transaction runs go into the next one.

With nothing queued, a change is written at once, or within a millisecond when the last transaction had several. The
order of submission is the order in the log.
"""

import asyncio
import logging
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Final, NamedTuple

from django.db import OperationalError, connections

from chat.log import store
from chat.log.changes import Change
from chat.log.heads import announce
from chat.log.store import Applied, Result
from realtime.delivery.publish import publish
from realtime.per_loop import per_loop
from realtime.storage.database import AWAY, PATIENCE, busy, meaning
from realtime.wire.protocol import CommandError

log = logging.getLogger(__name__)

#: The most changes in one transaction, and the most that may wait.
BATCH: Final = 500
QUEUE: Final = 10_000
#: When the last transaction had several changes, the first change waits this many seconds for others.
GATHER: Final = 0.001
#: Seconds before each retry of a transaction whose outcome is unknown; the ids make retries safe. The last pause
#: repeats until nobody waits any more.
RETRIES: Final = (0.1, 0.3, 1.0)
#: Seconds between two checks for changes that have waited too long.
LOOK: Final = 1.0


class Item(NamedTuple):
    """A change, the future of its answer, and when it came (seconds of the loop's clock)."""

    change: Change
    answer: "asyncio.Future[Applied]"
    at: float


class Writer:
    """Takes changes, answers each after its commit, and publishes what was committed."""

    def __init__(self) -> None:
        self._queue: deque[Item] = deque()
        self._batch: list[Item] = []  # the changes that are being written
        self._work: asyncio.Task[None] | None = None
        self._looking = False  # whether `_answer_late_ones` is scheduled
        self._trouble: Exception | None = None  # why the running transaction could not be written yet
        self._together = False  # whether the last transaction had several changes
        self._publishing: set[asyncio.Task[None]] = set()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="writer")

    def submit(self, change: Change) -> "asyncio.Future[Applied]":
        """Queue `change`; the future is done when it is committed, or raises CommandError.

        Raises CommandError `busy` at once when too much waits already.
        """
        if len(self._queue) >= QUEUE:
            raise CommandError("busy", "Too much to write at once: try again soon.", 1.0)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Applied] = loop.create_future()
        self._queue.append(Item(change, future, loop.time()))
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._write())
        return future

    def is_writing(self, room_id: int) -> bool:
        """Return whether a change in this room is queued or being written."""
        return any(item.change.room_id == room_id for item in chain(self._batch, self._queue))

    async def flush(self) -> None:
        """Wait until everything submitted is written and published."""
        while self._work is not None and not self._work.done():
            await asyncio.wait({self._work})
        if self._publishing:
            await asyncio.wait(self._publishing)

    async def close(self) -> None:
        """Write what waits, and end the writer's thread with its connection to the database."""
        await self.flush()
        await asyncio.get_running_loop().run_in_executor(self._thread, connections.close_all)
        self._thread.shutdown()

    async def _write(self) -> None:
        if self._together:
            await asyncio.sleep(GATHER)
        while self._queue:
            batch = self._batch = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
            self._look_soon()
            try:
                result = await self._apply([item.change for item in batch])
            except Exception as error:
                await self._one_by_one(batch, error)
            else:
                self._answer(batch, result)
            self._batch, self._together = [], len(batch) > 1

    def _look_soon(self) -> None:
        if not self._looking and self._batch:
            self._looking = True
            asyncio.get_running_loop().call_later(LOOK, self._answer_late_ones)

    def _answer_late_ones(self) -> None:
        """Answer changes that have waited too long. Those that are being written may still succeed."""
        self._looking = False
        self._look_soon()
        oldest = asyncio.get_running_loop().time() - PATIENCE
        late = [item for item in self._batch if item.at <= oldest and not item.answer.done()]
        while self._queue and self._queue[0].at <= oldest:
            late.append(self._queue.popleft())
        if late:
            self._fail(late, self._trouble or OperationalError("no answer"))

    async def _apply(self, changes: list[Change]) -> Result:
        loop = asyncio.get_running_loop()
        pauses = iter(RETRIES)
        while True:
            try:
                result = await loop.run_in_executor(self._thread, _apply_here, changes)
            except AWAY as error:
                self._trouble = error
                if all(item.answer.done() for item in self._batch):
                    raise
                pause = next(pauses, RETRIES[-1])
                log.warning("Writing failed (%s), again in %.1f s", error, pause)
                await asyncio.sleep(pause)
            else:
                self._trouble = None
                return result

    async def _one_by_one(self, batch: list[Item], error: Exception) -> None:
        """Write each change alone, so that one that cannot be written does not fail the batch."""
        if len(batch) > 1 and not isinstance(error, AWAY):
            for item in batch:
                try:
                    self._answer([item], await self._apply([item.change]))
                except Exception as own:
                    self._fail([item], own)
        else:
            self._fail(batch, error)

    def _fail(self, batch: list[Item], error: Exception) -> None:
        if isinstance(error, AWAY):
            log.error("Gave up writing %d changes: %s", len(batch), error)
            answer: Exception = busy(meaning(error))
        else:
            log.error("Could not write %d changes", len(batch), exc_info=error)
            answer = CommandError("internal", "This could not be saved.")
        for item in batch:
            if not item.answer.done():
                item.answer.set_exception(answer)

    def _answer(self, batch: list[Item], result: Result) -> None:
        for (_, future, _), outcome in zip(batch, result.outcomes, strict=True):
            if future.done():
                continue
            if isinstance(outcome, CommandError):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)
        if result.publications:
            announce(result.rooms, result.news)
            # In parallel with the next transaction: a failing channel layer must not hold up writing.
            task = asyncio.create_task(publish(result.publications))
            self._publishing.add(task)
            task.add_done_callback(self._publishing.discard)


def _apply_here(changes: list[Change]) -> Result:
    """Apply `changes` over this thread's connection, which is kept while it works."""
    try:
        return store.apply(changes)
    except AWAY:
        connections.close_all()
        raise


#: Returns the writer of the running event loop, so of this process.
current_writer: Final = per_loop(Writer)


async def flush() -> None:
    """Write everything that waits, before the process ends."""
    await current_writer().flush()
