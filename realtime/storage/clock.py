"""The database's time: the same in all processes, even when their machines' clocks differ."""

import time
from datetime import UTC, datetime
from typing import Final

from django.db import connection

_SQL: Final = {
    "postgresql": "SELECT EXTRACT(EPOCH FROM clock_timestamp())",
    "sqlite": "SELECT (julianday('now') - 2440587.5) * 86400.0",
}
#: Seconds between two readings of the database's clock.
EVERY: Final = 5.0

#: How many seconds the database's clock is ahead of this machine's, as far as this process knows.
ahead = 0.0
measured_at = float("-inf")


def local() -> float:
    """Return what this machine's clock says, unix seconds."""
    return time.time()


def now() -> datetime:
    """Return the database's time, as far as this process knows."""
    return datetime.fromtimestamp(local() + ahead, UTC)


def measure() -> None:
    """Read the database's clock with one blocking query, unless it was read just now."""
    global ahead, measured_at
    if time.monotonic() - measured_at < EVERY:
        return
    before = local()
    with connection.cursor() as cursor:
        cursor.execute(_SQL[connection.vendor])
        (database,) = cursor.fetchone()
    ahead = adjusted(ahead, before, float(database), local())
    measured_at = time.monotonic()


def adjusted(ahead: float, before: float, database: float, after: float) -> float:
    """Return how far the database's clock is ahead, when it read `database` between `before` and `after` of our clock.

    The known difference stays if it is still possible, so that a slow answer does not make time jump.
    """
    return min(max(ahead, database - after), database - before)
