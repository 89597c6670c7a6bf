"""Reads that many callers need at the same time, done together."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from functools import partial
from typing import Any, Final, Generic, TypeVar

from realtime.per_loop import per_loop

K = TypeVar("K")
V = TypeVar("V")

#: Seconds between the starts of two reads. When there was none lately, a caller does not wait.
REST: Final = 0.02
#: How many keys one read takes.
MOST: Final = 500


class _Gatherer(Generic[K, V]):
    """The callers that wait in one event loop, and the read that is running."""

    def __init__(self, read: Callable[[Collection[K]], Awaitable[Mapping[K, V]]]) -> None:
        self._read = read
        self._waiting: dict[K, asyncio.Future[V | None]] = {}
        self._task: asyncio.Task[None] | None = None
        self._rested_at = 0.0

    def ask(self, key: K) -> "asyncio.Future[V | None]":
        future = self._waiting.get(key)
        if future is None:
            future = self._waiting[key] = asyncio.get_running_loop().create_future()
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._work())
        return asyncio.shield(future)

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            if (rest := self._rested_at - loop.time()) > 0:
                await asyncio.sleep(rest)
            self._rested_at = loop.time() + REST
            taken = {key: self._waiting.pop(key) for key in list(self._waiting)[:MOST]}
            try:
                found = await self._read(taken.keys())
            except Exception as error:
                for future in taken.values():
                    future.set_exception(error)
            else:
                for key, future in taken.items():
                    future.set_result(found.get(key))


def gathered(
    read: Callable[[Collection[K]], Awaitable[Mapping[K, V]]],
) -> Callable[[K], Coroutine[Any, Any, V | None]]:
    """Turn `read`, which reads many keys, into a coroutine function that reads one (None: it is not there).

    Calls during a read share the next one, so each answer comes from a read that began after the call. An exception of
    `read` goes to all callers that share it.
    """
    gatherer: Callable[[], _Gatherer[K, V]] = per_loop(partial(_Gatherer, read))

    async def get(key: K) -> V | None:
        return await gatherer().ask(key)

    return get
