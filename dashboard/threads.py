"""Synchronous database work in a thread of one's own, so that nobody else's slow query is in the way."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import close_old_connections

P = ParamSpec("P")
Result = TypeVar("Result")


def with_fresh_connection(function: Callable[P, Result]) -> Callable[P, Result]:
    """Return `function` so that it neither finds a dead database connection nor leaves one behind."""

    def call(*args: P.args, **kwargs: P.kwargs) -> Result:
        close_old_connections()
        try:
            return function(*args, **kwargs)
        finally:
            close_old_connections()

    return call


class DatabaseThread:
    """One thread, for calls one after the other."""

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(1, name)

    async def call(self, function: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
        work = with_fresh_connection(function)
        return await asyncio.get_running_loop().run_in_executor(self._executor, lambda: work(*args, **kwargs))

    def end(self) -> None:
        """Take no more calls; one under way runs to its end."""
        self._executor.shutdown(wait=False, cancel_futures=True)
