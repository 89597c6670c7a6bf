"""Leases, by the database's clock. Other processes are rows here; tests/system has real ones."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import InternalError, OperationalError, connection, connections
from django.db.models.functions import Now

from harness.client import PATIENCE, eventually
from realtime import process
from realtime.delivery.hub import current_hub
from realtime.models import Process
from realtime.process import DEAD_AFTER, PROCESS_ID, Lease
from realtime.storage.database import condition, in_database

pytestmark = pytest.mark.django_db(transaction=True)


class Clock:
    """This process's monotonic time, moved by the test."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "lease", Lease())
    monkeypatch.setattr(process, "revivals", [])
    monkeypatch.setattr(process, "BEAT", 0.02)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(process, "time", clock)
    return clock


@in_database
def seen(name: str, seconds_ago: float, **fields: Any) -> None:
    """Make a process whose last beat was this many seconds ago, or change an existing one."""
    moment = Now() - timedelta(seconds=seconds_ago)
    others = {"host": "h", "pid": 1, "started_at": moment, "build": "b"}
    if not Process.objects.filter(pk=name).update(seen_at=moment, **fields):
        Process.objects.create(id=name, seen_at=moment, **others, **fields)


@in_database
def alive() -> set[str]:
    return set(process.alive().values_list("pk", flat=True))


@in_database
def own_row() -> Process | None:
    return Process.objects.filter(pk=PROCESS_ID).first()


@asynccontextmanager
async def beating() -> AsyncIterator[asyncio.Task[None]]:
    """Keep the lease, from the first beat on."""
    task = asyncio.create_task(process.keep_lease())
    await eventually(lambda: process.lease.beat_at is not None)
    yield task
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def beat_fails(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Makes the database refuse beats, or take them again."""
    real = process.renew
    broken = threading.Event()

    def beat(connections: int) -> bool:
        if broken.is_set():
            raise OperationalError("the database is away")
        return real(connections)

    monkeypatch.setattr(process, "renew", beat)
    return lambda fails: broken.set() if fails else broken.clear()


async def test_a_process_registers_and_renews_its_lease() -> None:
    async with beating():
        row = await own_row()
        assert row
        assert (row.leaving, row.connections, row.build) == (False, 0, process.build())
        assert PROCESS_ID in await alive()
        first = row.seen_at
        await eventually(lambda: _seen_after(first))


async def _seen_after(moment: Any) -> bool:
    row = await own_row()
    return row is not None and row.seen_at > moment


async def test_the_lease_says_how_many_sockets_are_open() -> None:
    sockets = [object(), object(), object()]
    async with beating():
        current_hub().connections.update(sockets)
        await eventually(_three_connections)
        assert await process.client_count() == (3, 1)
        current_hub().connections.clear()


async def _three_connections() -> bool:
    row = await own_row()
    return row is not None and row.connections == 3


async def test_clients_are_counted_over_all_that_live() -> None:
    await seen("other", 1, connections=4)
    await seen("slow", DEAD_AFTER - 3, connections=2)
    await seen("dead", DEAD_AFTER + 1, connections=100)
    await seen("leaving", 0, connections=100, leaving=True)
    await seen(PROCESS_ID, 0, connections=100)  # about this process the hub knows more
    assert await process.client_count() == (6, 3)
    assert await alive() == {"other", "slow", "leaving", PROCESS_ID}


async def test_a_process_that_leaves_holds_its_lease_a_little_while() -> None:
    async with beating() as task:
        await process.give_up_lease()
        row = await own_row()
        assert row
        assert (row.leaving, row.connections) == (True, 0)
        assert PROCESS_ID in await alive()
        await asyncio.wait({task}, timeout=5)  # and does not beat again, which would prolong the lease
        assert task.done()
        assert await own_row() == row
        assert not await _seen_after(row.seen_at)


async def test_a_process_that_others_gave_up_for_dead_says_so(clock: Clock) -> None:
    revived: list[float] = []

    async def revive() -> None:
        revived.append(clock.now)

    process.on_revival(revive)
    async with beating():
        assert revived == []
        await seen(PROCESS_ID, DEAD_AFTER + 1)  # asleep for so long that its rows were deleted
        await eventually(lambda: revived)
        assert len(revived) == 1
        assert PROCESS_ID in await alive()
        await in_database(Process.objects.all().delete)()
        await eventually(lambda: len(revived) == 2)


async def test_a_database_that_was_away_is_tried_again_at_once(
    beat_fails: Callable[[bool], None], caplog: pytest.LogCaptureFixture
) -> None:
    revived: list[bool] = []

    async def revive() -> None:
        revived.append(True)

    process.on_revival(revive)
    async with beating() as task:
        beat_fails(True)
        await eventually(lambda: caplog.text.count("could not renew its lease") >= 3)
        await in_database(Process.objects.all().delete)()
        beat_fails(False)
        await eventually(lambda: revived)
        assert not task.done()


async def test_who_missed_beats_buries_nobody_for_a_while(clock: Clock, beat_fails: Callable[[bool], None]) -> None:
    async with beating():
        assert process.may_bury()
        beat_fails(True)
        clock.now += DEAD_AFTER + 1
        assert not process.may_bury()  # while the database is away, and at the moment it is back
        missed_at = process.lease.beat_at
        beat_fails(False)
        await eventually(lambda: process.lease.beat_at != missed_at)
        assert not process.may_bury()
        clock.now += DEAD_AFTER - 1
        await eventually(lambda: process.lease.beat_at == clock.now)
        assert not process.may_bury()
        clock.now += 1
        assert process.may_bury()


async def test_who_starts_while_the_database_is_away_buries_nobody_at_first(
    clock: Clock, beat_fails: Callable[[bool], None]
) -> None:
    beat_fails(True)
    async with beating():
        assert not process.may_bury()
        beat_fails(False)
        await eventually(lambda: process.lease.beat_at == clock.now)
        assert not process.may_bury()
        clock.now += DEAD_AFTER
        await eventually(lambda: process.lease.beat_at == clock.now)
        assert process.may_bury()


async def test_a_slow_query_of_others_does_not_hold_up_the_beat() -> None:
    release = threading.Event()
    blocking = asyncio.create_task(in_database(release.wait)(30))
    try:
        async with beating():
            assert not blocking.done()
    finally:
        release.set()
        await blocking


async def test_rows_of_long_ago_are_removed() -> None:
    await seen("old", 700)
    await seen("recent", 500)
    async with beating():
        assert await in_database(lambda: set(Process.objects.values_list("pk", flat=True)))() == {"recent", PROCESS_ID}


def test_the_build_is_a_name_of_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    process.build.cache_clear()
    monkeypatch.setenv("SWITCHBOARD_BUILD", "v1.2.3" + "x" * 100)
    assert process.build() == ("v1.2.3" + "x" * 100)[:40]
    process.build.cache_clear()
    monkeypatch.delenv("SWITCHBOARD_BUILD")
    began = time.monotonic()
    assert len(process.build()) == 12
    assert process.build() == process.build()
    assert time.monotonic() - began < 5
    process.build.cache_clear()


def test_a_process_is_shown_by_host_and_pid() -> None:
    assert str(Process(id="x", host="web1", pid=7)) == "web1 7"


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Exception | None]]:
    """What beats and reads of the clock raise now."""
    raised: dict[str, Exception | None] = {"beat": None, "look": None}
    beat, look = process.renew, process.ask_database

    def call(name: str, work: Callable[..., Any], *args: Any) -> Any:
        if (error := raised[name]) is not None:
            raise error
        return work(*args)

    monkeypatch.setattr(process, "AGAIN", 0.02)
    monkeypatch.setattr(process, "renew", partial(call, "beat", beat))
    monkeypatch.setattr(process, "ask_database", partial(call, "look", look))
    yield raised
    condition.away = condition.unwritable = ""


async def test_a_database_that_answers_nothing_is_away_until_it_does(database: dict[str, Exception | None]) -> None:
    async with beating():
        assert not condition.away
        database |= {"beat": OperationalError("no answer within 4 s"), "look": OperationalError("refused")}
        await eventually(lambda: condition.away)
        assert process.database_trouble() == "The database does not answer."
        began = time.monotonic()
        with pytest.raises(OperationalError):
            await own_row()
        assert time.monotonic() - began < 1, "what is known to be away is not waited for"
        database |= {"beat": None, "look": None}
        await eventually(lambda: not condition.away)
        assert await own_row()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OperationalError("database or disk is full"), "disk is full"),
        (OperationalError("attempt to write a readonly database"), "read-only"),
        (InternalError("cannot execute UPDATE in a read-only transaction"), "read-only"),
        (OperationalError("could not extend file: No space left on device"), "disk is full"),
        (OperationalError("database is locked"), "locked"),
    ],
)
async def test_a_database_that_takes_nothing_is_read_and_not_ready(
    database: dict[str, Exception | None], error: Exception, sentence: str
) -> None:
    async with beating():
        database["beat"] = error
        await eventually(lambda: condition.unwritable)
        assert sentence in process.database_trouble()
        assert not condition.away
        await own_row()
        database["beat"] = None
        await eventually(lambda: not process.database_trouble())


async def test_only_where_others_have_a_database_are_clients_sent_away(
    database: dict[str, Exception | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, sent = current_hub(), asyncio.Event()

    async def send_away(detail: str) -> None:
        sent.set()

    monkeypatch.setattr(hub, "send_away", send_away)
    async with beating():
        database |= {"beat": OperationalError("gone"), "look": OperationalError("gone")}
        await eventually(lambda: condition.away)
        assert not sent.is_set(), "there is nobody else"
        hub.link.others_answered_at = time.monotonic()
        await asyncio.wait_for(sent.wait(), PATIENCE)
        assert hub.sends_away()


async def test_the_lease_keeps_a_connection_so_that_a_pool_used_up_is_no_database_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 0)  # as with a pool: given back after each use
    kept = []

    def look() -> None:
        kept.append(connection.connection)

    await process.in_lease_thread(connections.close_all)
    await process.in_lease_thread(process.renew, 0)
    await process.in_lease_thread(look)
    await process.in_lease_thread(process.ask_database)
    await process.in_lease_thread(look)
    await process.in_lease_thread(connections.close_all)
    assert kept[0] is kept[1] is not None
