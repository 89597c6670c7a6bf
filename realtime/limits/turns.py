"""Work in threads, in turns: one person's many jobs do not hold up another's single one."""

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
    """The jobs that wait in one event loop, by person, and whose turn it is."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._jobs: dict[Hashable, deque[_Job[Any]]] = {}  # in the order of their turns
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
                self._jobs[person] = jobs  # to the end of the order
            if job.result.done():
                continue  # its caller was cancelled
            try:
                result = await loop.run_in_executor(self._executor, job.work)
            except Exception as error:
                if not job.result.done():
                    job.result.set_exception(error)
            else:
                if not job.result.done():
                    job.result.set_result(result)


class Turns:
    """Runs jobs in `executor`, one at a time, taking one job of each person in turn.

    So a job waits for at most one job of each other person, however many they have asked for.
    """

    def __init__(self, executor: Executor) -> None:
        self._queue = per_loop(partial(_Queue, executor))

    async def run(self, person: Hashable, work: Callable[[], T]) -> T:
        """Run `work` after the earlier jobs of `person`; return what it returns, or raise what it raises."""
        result: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue().add(person, _Job(work, result))
        return await result
