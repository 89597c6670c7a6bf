"""Database work from coroutines, and how to answer while the database is away."""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

from asgiref.sync import SyncToAsync
from django.db import DEFAULT_DB_ALIAS, InterfaceError, InternalError, OperationalError, connection, connections

from realtime.wire.protocol import CommandError

P = ParamSpec("P")
R = TypeVar("R")

#: Seconds that any call waits for the database; then the caller is told `busy`.
PATIENCE: Final = 10.0
#: Seconds after which clients told `busy` may retry: the least, and the most that chance adds.
RETRY_AFTER: Final = 2.0
RETRY_SPREAD: Final = 4.0
#: Errors that say the database cannot do it now (away, locked, full, read-only), but perhaps later.
AWAY: Final = (OperationalError, InterfaceError, InternalError)
#: Words in such an error, and the sentence for people that each means.
MEANINGS: Final = {
    "disk is full": "The server's disk is full: nothing can be saved.",
    "no space left": "The database's disk is full: nothing can be saved.",
    "readonly": "The database is read-only: nothing can be saved.",
    "read-only": "The database is read-only: nothing can be saved.",
    "locked": "Another program holds the database locked: nothing can be saved.",
}
SILENT: Final = "The database does not answer."


@dataclass
class Condition:
    """The state of the database after the newest renewal of the lease.

    Texts are "" when all is well, else a sentence.
    """

    unwritable: str = ""
    away: str = ""
    #: Monotonic seconds: when it went away, and when it last answered (None: not yet).
    away_since: float = 0.0
    answered_at: float | None = None

    def answered_ago(self) -> float | None:
        """Return how many seconds ago it answered; None while it does not."""
        return None if self.away or self.answered_at is None else time.monotonic() - self.answered_at


#: Of this process; kept by `realtime.process`.
condition = Condition()


def meaning(error: BaseException) -> str:
    """Return in a sentence why the database refused."""
    text = str(error).lower()
    return next((sentence for word, sentence in MEANINGS.items() if word in text), SILENT)


def retry_after() -> float:
    """Return the seconds to wait, with some chance so that not all retry together."""
    return round(RETRY_AFTER + random.uniform(0, RETRY_SPREAD), 2)  # noqa: S311 - spread, not secrecy


def busy(why: str) -> CommandError:
    """Return the error for a client while the database cannot do it; `why`: a sentence of `meaning`."""
    return CommandError("busy", f"{why} Try again soon.", retry_after())


def log_failure(log: logging.Logger, error: BaseException, what: str) -> None:
    """Log that `what` failed: with the traceback, or without it while the database is away, since much fails then."""
    if isinstance(error, AWAY):
        log.warning("%s failed: %s", what, error)
    else:
        log.error("%s failed", what, exc_info=error)


def throw_pool_away() -> None:
    """Close all connections to PostgreSQL, those in use when they are returned. New ones replace them."""
    pool = getattr(connections[DEFAULT_DB_ALIAS], "pool", None)
    if pool is not None:
        pool.drain()


class DatabaseWork(SyncToAsync[..., Any]):
    """Runs in a thread, whose connections are cleaned up before and afterwards.

    Unlike Channels' own, it does not touch a connection that is in a transaction. Synchronous code that waits for a
    coroutine shares its thread, and would otherwise lose what it has written so far.
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


def in_database(work: Callable[P, R], *, patience: float | None = PATIENCE) -> Callable[P, Coroutine[Any, Any, R]]:
    """Make a coroutine function of `work`, which uses the ORM; its connection is cleaned up afterwards.

    On PostgreSQL such calls run in parallel, as far as ASGI_THREADS and the pool allow. On SQLite they run one after
    the other, in the thread that Django's own synchronous code uses.

    Raises OperationalError after `patience` seconds (None: never), and at once while the database is known to be away.
    """
    serial = DatabaseWork(work, thread_sensitive=True)
    parallel = DatabaseWork(work, thread_sensitive=False)

    @wraps(work)
    async def call(*args: P.args, **kwargs: P.kwargs) -> R:
        if condition.away:
            raise OperationalError(condition.away)
        try:
            async with asyncio.timeout(patience):
                result: R = await (serial if connection.vendor == "sqlite" else parallel)(*args, **kwargs)
        except TimeoutError:
            raise OperationalError(f"no answer within {patience:g} s") from None
        return result

    return call
