"""Database work from coroutines."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from asgiref.sync import SyncToAsync
from django.db import connection, connections

P = ParamSpec("P")
R = TypeVar("R")


class DatabaseWork(SyncToAsync[..., Any]):
    """Runs in a thread, whose connections are cleaned up before and afterwards.

    Unlike Channels' own it leaves a connection alone that is in a transaction: synchronous code that waits for
    a coroutine shares its thread, and would lose what it has written so far.
    """

    def thread_handler(self, loop: Any, *args: Any, **options: Any) -> Any:
        _clean_up()
        try:
            return super().thread_handler(loop, *args, **options)  # type: ignore[no-untyped-call]
        finally:
            _clean_up()


def _clean_up() -> None:
    for each in connections.all(initialized_only=True):
        if not each.in_atomic_block:
            each.close_if_unusable_or_obsolete()


def in_database(work: Callable[P, R]) -> Callable[P, Coroutine[Any, Any, R]]:
    """Make a coroutine function of `work`, which uses the ORM; its connection is cleaned up afterwards.

    On PostgreSQL such calls run side by side, as many as ASGI_THREADS and the pool allow; on SQLite one
    after the other, in the thread that Django's own synchronous code uses.
    """
    serial = DatabaseWork(work, thread_sensitive=True)
    parallel = DatabaseWork(work, thread_sensitive=False)

    @wraps(work)
    async def call(*args: P.args, **kwargs: P.kwargs) -> R:
        result: R = await (serial if connection.vendor == "sqlite" else parallel)(*args, **kwargs)
        return result

    return call
