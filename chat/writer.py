"""The writer: one per process. Whatever queued while the last transaction ran goes into the next one.

With nothing queued a change is written at once, or within a millisecond where several came together before. Order of
submission is order in the log.
"""

import asyncio
import logging
import weakref
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any, Final

from django.db import InterfaceError, OperationalError, connections

from chat import store
from chat.heads import announce
from chat.store import Applied, Change, Result
from realtime.protocol import CommandError
from realtime.publish import publish

log = logging.getLogger(__name__)

#: Changes in one transaction, and waiting for one, at the most.
BATCH: Final = 500
QUEUE: Final = 10_000
#: Seconds for which a first change waits for others when the last transaction had several: they come together.
GATHER: Final = 0.001
#: Pauses in seconds before a transaction is tried again whose outcome is unknown; the ids make that safe.
RETRIES: Final = (0.1, 0.3, 1.0, 2.0, 4.0, 8.0)


class Writer:
    """Takes changes, answers each when it is committed, and publishes what was."""

    def __init__(self) -> None:
        self._queue: deque[tuple[Change, asyncio.Future[Applied]]] = deque()
        self._batch: list[tuple[Change, asyncio.Future[Applied]]] = []  # what is being written
        self._work: asyncio.Task[None] | None = None
        self._together = False  # whether the last transaction had several changes
        self._publishing: set[asyncio.Task[None]] = set()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="writer")

    def submit(self, change: Change) -> "asyncio.Future[Applied]":
        """Queue `change`; the future is done when it is committed, or raises CommandError.

        Raises CommandError `busy` at once when too much waits already.
        """
        if len(self._queue) >= QUEUE:
            raise CommandError("busy", "Too much to write at once: try again soon.", 1.0)
        future: asyncio.Future[Applied] = asyncio.get_running_loop().create_future()
        self._queue.append((change, future))
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._write())
        return future

    def is_writing(self, room_id: int) -> bool:
        """Return whether a change in this room is queued or being written."""
        return any(change.room_id == room_id for change, _ in chain(self._batch, self._queue))

    async def flush(self) -> None:
        """Wait until everything submitted is written and published."""
        while self._work is not None and not self._work.done():
            await asyncio.wait({self._work})
        if self._publishing:
            await asyncio.wait(self._publishing)

    async def _write(self) -> None:
        if self._together:
            await asyncio.sleep(GATHER)
        while self._queue:
            batch = self._batch = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
            try:
                result = await self._apply([change for change, _ in batch])
            except Exception as error:
                await self._one_by_one(batch, error)
            else:
                self._answer(batch, result)
            self._batch, self._together = [], len(batch) > 1

    async def _apply(self, changes: list[Change]) -> Result:
        loop = asyncio.get_running_loop()
        for pause in (*RETRIES, None):
            try:
                return await loop.run_in_executor(self._thread, _apply_here, changes)
            except (OperationalError, InterfaceError) as error:
                if pause is None:
                    raise
                log.warning("Writing failed (%s), again in %.1f s", error, pause)
                await asyncio.sleep(pause)
        raise AssertionError

    async def _one_by_one(self, batch: list[tuple[Change, "asyncio.Future[Applied]"]], error: Exception) -> None:
        """A change that cannot be written fails alone, not its whole batch."""
        if len(batch) > 1 and not isinstance(error, OperationalError | InterfaceError):
            for item in batch:
                try:
                    self._answer([item], await self._apply([item[0]]))
                except Exception as own:
                    self._fail([item], own)
        else:
            self._fail(batch, error)

    def _fail(self, batch: list[tuple[Change, "asyncio.Future[Applied]"]], error: Exception) -> None:
        if isinstance(error, OperationalError | InterfaceError):
            log.error("Gave up writing %d changes: %s", len(batch), error)
            answer: Exception = CommandError("busy", "The database does not answer: try again soon.", 5.0)
        else:
            log.error("Could not write %d changes", len(batch), exc_info=error)
            answer = CommandError("internal", "This could not be saved.")
        for _, future in batch:
            if not future.done():
                future.set_exception(answer)

    def _answer(self, batch: list[tuple[Change, "asyncio.Future[Applied]"]], result: Result) -> None:
        for (_, future), outcome in zip(batch, result.outcomes, strict=True):
            if future.done():
                continue
            if isinstance(outcome, CommandError):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)
        if result.publications:
            announce(result.rooms)
            # Beside the next transaction: a sick wire must not hold up writing.
            task = asyncio.create_task(publish(result.publications))
            self._publishing.add(task)
            task.add_done_callback(self._publishing.discard)


def _apply_here(changes: list[Change]) -> Result:
    """Apply `changes` over the connection of this thread, which is kept for as long as it works."""
    try:
        return store.apply(changes)
    except (OperationalError, InterfaceError):
        connections.close_all()
        raise


_writers: "weakref.WeakKeyDictionary[Any, Writer]" = weakref.WeakKeyDictionary()


def current_writer() -> Writer:
    """Return the writer of the running event loop: of this process, that is."""
    loop = asyncio.get_running_loop()
    writer = _writers.get(loop)
    if writer is None:
        writer = _writers[loop] = Writer()
    return writer


async def flush() -> None:
    """Let the process leave nothing unwritten behind."""
    await current_writer().flush()
