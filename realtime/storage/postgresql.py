"""PostgreSQL connections whose waits end.

A connection may be dead and stay open, when a proxy or firewall forgot it or after a fail-over. Then nothing arrives on
it, not even its end, and the kernel cannot tell (a proxy may still acknowledge). So each answer has a deadline. When it
passes, the connection is closed, and so are all others of the pool, which are as likely to be dead.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from psycopg import Connection, OperationalError
from psycopg.abc import PQGen

R = TypeVar("R")

#: Seconds that our process waits for one answer. PostgreSQL itself ends a statement a second earlier.
ANSWER: Final = 8.0
#: Seconds after which PostgreSQL ends an idle transaction, since its locks hold up everybody else.
IDLE_IN_TRANSACTION: Final = 5.0
LIMITS: Final = (
    "SELECT set_config('statement_timeout', %s, false), set_config('idle_in_transaction_session_timeout', %s, false)"
)
#: How often a wait checks for other things to do; psycopg's own value.
INTERVAL: Final = 0.1

_limited = False
_own = threading.local()
_on_silence: list[Callable[[], None]] = []


def limit(on_silence: Callable[[], None]) -> None:
    """From now on, limit each statement of this process to ANSWER; for servers, not for migrations.

    `on_silence` is called, in the thread that waited, when a connection has not answered in time.
    """
    global _limited
    _limited = True
    _on_silence[:] = [on_silence]


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """In this thread, wait this many seconds for answers instead of ANSWER."""
    before = getattr(_own, "seconds", None)
    _own.seconds = seconds
    try:
        yield
    finally:
        _own.seconds = before


class BoundedConnection(Connection[Any]):
    """A connection of psycopg whose waits end in time."""

    @classmethod
    def connect(cls, *args: Any, **options: Any) -> "BoundedConnection":
        connection = super().connect(*args, **options)
        if _limited:
            milliseconds = (ANSWER - 1) * 1000, IDLE_IN_TRANSACTION * 1000
            connection.execute(LIMITS, [str(int(each)) for each in milliseconds])
        return connection

    def wait(self, gen: PQGen[R], interval: float = INTERVAL, timeout: float | None = None) -> R:
        if timeout is not None or not _limited:
            return super().wait(gen, interval, timeout)
        seconds = getattr(_own, "seconds", None) or ANSWER
        deadline = time.monotonic() + seconds
        try:
            return super().wait(gen, interval, seconds)
        except OperationalError:
            if time.monotonic() < deadline:
                raise
        self.pgconn.finish()
        for call in _on_silence:
            call()
        raise OperationalError(f"no answer within {seconds:g} s")
