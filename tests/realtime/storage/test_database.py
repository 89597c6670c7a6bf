"""Database work from coroutines, on SQLite: one after the other, and cleaned up."""

import asyncio
import threading
import time
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection, connections, transaction
from django.db.models.functions import Now

from realtime.models import Process
from realtime.storage.database import in_database

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


async def test_a_connection_that_is_too_old_is_replaced() -> None:
    @in_database
    def use_it() -> Any:
        connection.ensure_connection()
        return connection.connection

    @in_database
    def age() -> None:
        connection.close_at = time.monotonic() - 1

    first = await use_it()
    assert await use_it() is first
    await age()
    assert await use_it() is not first


def test_synchronous_code_keeps_its_transaction_while_it_waits_for_a_coroutine() -> None:
    with transaction.atomic():
        Process.objects.create(id="mine", host="h", pid=1, started_at=Now(), seen_at=Now(), build="b")
        assert async_to_sync(in_database(Process.objects.count))() == 1
    assert Process.objects.filter(pk="mine").exists()
