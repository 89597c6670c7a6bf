"""Database work from coroutines, on SQLite: one after the other, and cleaned up."""

import asyncio
import threading

import pytest
from django.db import connection, connections

from realtime.database import in_database

pytestmark = pytest.mark.django_db(transaction=True)


async def test_arguments_results_and_errors_come_through() -> None:
    @in_database
    def add(one: int, *, other: int) -> int:
        """Add."""
        if other < 0:
            raise ValueError("no")
        return one + other

    assert (add.__name__, add.__doc__) == ("add", "Add.")
    assert await add(1, other=2) == 3
    with pytest.raises(ValueError, match="no"):
        await add(1, other=-1)


async def test_on_sqlite_calls_are_serial_and_in_one_thread() -> None:
    running: list[int] = []
    most = 0

    @in_database
    def work() -> int:
        nonlocal most
        running.append(1)
        most = max(most, len(running))
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        running.pop()
        return threading.get_ident()

    threads = set(await asyncio.gather(*[work() for _ in range(20)]))
    assert (len(threads), most) == (1, 1)


async def test_elsewhere_calls_run_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[bool] = []
    meeting = threading.Barrier(2, timeout=10)
    work = in_database(lambda: used.append(meeting.wait() >= 0))
    monkeypatch.setattr(type(connections["default"]), "vendor", "postgresql")
    await asyncio.gather(work(), work())  # each waits for the other
    assert used == [True, True]
