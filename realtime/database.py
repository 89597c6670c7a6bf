"""Database work from coroutines."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from channels.db import DatabaseSyncToAsync
from django.db import connection

P = ParamSpec("P")
R = TypeVar("R")


def in_database(work: Callable[P, R]) -> Callable[P, Coroutine[Any, Any, R]]:
    """Make a coroutine function of `work`, which uses the ORM; its connection is cleaned up afterwards.

    On PostgreSQL such calls run side by side, as many as ASGI_THREADS and the pool allow; on SQLite one
    after the other, in the thread that Django's own synchronous code uses.
    """
    serial = DatabaseSyncToAsync(work, thread_sensitive=True)
    parallel = DatabaseSyncToAsync(work, thread_sensitive=False)

    @wraps(work)
    async def call(*args: P.args, **kwargs: P.kwargs) -> R:
        result: R = await (serial if connection.vendor == "sqlite" else parallel)(*args, **kwargs)
        return result

    return call
