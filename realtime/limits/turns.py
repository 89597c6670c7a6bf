"""Work beside the event loop in which everybody gets their turn, however much somebody else asks for."""

import asyncio
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import Executor
from functools import partial
from typing import Any, Generic, TypeVar

from realtime.per_loop import per_loop

T = TypeVar("T")


class _Job(Generic[T]):
    def __init__(self, work: Callable[[], T], result: "asyncio.Future[T]") -> None:
        self.work = work
        self.result = result


class _Queue:
    """What waits in one event loop: the jobs of each person, and whose turn it is."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._jobs: dict[Hashable, deque[_Job[Any]]] = {}  # in the order of turns
        self._task: asyncio.Task[None] | None = None

    def add(self, person: Hashable, job: _Job[Any]) -> None:
        self._jobs.setdefault(person, deque()).append(job)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while self._jobs:
            person = next(iter(self._jobs))
            jobs = self._jobs.pop(person)
            job = jobs.popleft()
            if jobs:
                self._jobs[person] = jobs  # behind all others
            if job.result.done():
                continue  # nobody waits for it any more
            try:
                result = await loop.run_in_executor(self._executor, job.work)
            except Exception as error:
                if not job.result.done():
                    job.result.set_exception(error)
            else:
                if not job.result.done():
                    job.result.set_result(result)


class Turns:
    """Runs work in `executor`, one piece at a time: a piece of each person in turn.

    Nobody waits for more than one piece of each of the others, however many those have asked for.
    """

    def __init__(self, executor: Executor) -> None:
        self._queue = per_loop(partial(_Queue, executor))

    async def run(self, person: Hashable, work: Callable[[], T]) -> T:
        """Return what `work` returns, or raise what it raises, after what `person` asked for before."""
        result: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue().add(person, _Job(work, result))
        return await result
