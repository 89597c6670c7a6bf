"""The time as the database has it: the same in all processes, whatever their machines' clocks say."""

import time
from datetime import UTC, datetime
from typing import Final

from django.db import connection

_SQL: Final = {
    "postgresql": "SELECT EXTRACT(EPOCH FROM clock_timestamp())",
    "sqlite": "SELECT (julianday('now') - 2440587.5) * 86400.0",
}
#: Seconds between two looks at the database's clock.
EVERY: Final = 5.0

#: By how many seconds the database's clock is ahead of this machine's, as far as this process knows.
ahead = 0.0
measured_at = float("-inf")


def local() -> float:
    """Return what this machine's clock says, unix seconds."""
    return time.time()


def now() -> datetime:
    """Return the database's time, as far as this process knows."""
    return datetime.fromtimestamp(local() + ahead, UTC)


def measure() -> None:
    """Look at the database's clock, unless that was done just now: one query, which blocks."""
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
    """Return by how much the database is ahead, when between `before` and `after` of our time it said `database`.

    What was known stays where it is possible, so that a slow answer does not make time jump.
    """
    return min(max(ahead, database - after), database - before)
