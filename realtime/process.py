"""This server process: its id, its build, its lease; and how many clients all processes have."""

import asyncio
import hashlib
import logging
import math
import os
import socket
import time
import uuid
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.db import Error, connection, connections
from django.db.models import QuerySet
from django.db.models.functions import Now

from realtime.delivery.hub import current_hub
from realtime.storage import clock
from realtime.storage.database import AWAY, SILENT, condition, in_database, meaning
from realtime.storage.postgresql import patience

log = logging.getLogger(__name__)

PROCESS_ID: Final = uuid.uuid4().hex[:12]
#: Seconds between two renewals of the lease; after how many seconds without one a process counts as dead.
BEAT: Final = 5.0
DEAD_AFTER: Final = 15.0
#: Seconds before a failed renewal is tried again; how many seconds a renewal waits for the database.
AGAIN: Final = 1.0
ANSWER: Final = 4.0
#: Seconds for which the lease of a process that left stays valid.
FAREWELL: Final = 8.0

revivals: list[Callable[[], Awaitable[None]]] = []
#: A thread for the lease alone, so that another slow query does not make this process look dead.
_thread = ThreadPoolExecutor(1, thread_name_prefix="lease")


@dataclass
class Lease:
    """What this process knows of its own lease; times are monotonic seconds."""

    beat_at: float | None = None
    unreliable_until: float = 0.0
    leaving: bool = False


lease = Lease()


@cache
def build() -> str:
    """Return a short name of the running code: SWITCHBOARD_BUILD, or a digest of the sources."""
    if given := os.environ.get("SWITCHBOARD_BUILD"):
        return given[:40]
    digest = hashlib.sha256()
    own = [Path(app.path) for app in apps.get_app_configs() if Path(app.path).parent == settings.BASE_DIR]
    for folder in sorted([*own, settings.BASE_DIR / "config", settings.BASE_DIR / "templates"]):
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".py", ".js", ".css", ".html"):
                digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def alive() -> "QuerySet[Any]":
    """Return the processes whose lease is valid by the database's clock."""
    from realtime.models import Process

    return Process.objects.filter(seen_at__gt=Now() - timedelta(seconds=DEAD_AFTER))


def on_revival(call: Callable[[], Awaitable[None]]) -> None:
    """Run `call` when this process registers again after the others had counted it as dead."""
    revivals.append(call)


def may_bury() -> bool:
    """False while this process fails to renew its own lease, and for a while after: it cannot judge others then."""
    now = time.monotonic()
    beats = lease.beat_at is None or now - lease.beat_at <= DEAD_AFTER
    return beats and now >= lease.unreliable_until


def database_trouble() -> str:
    """Return, as a sentence, why clients should use another process; "" when they need not.

    The reason is that the last renewal of the lease failed, or that there was none lately.
    """
    if lease.beat_at is None:
        return "It was not asked yet."
    late = time.monotonic() - lease.beat_at > DEAD_AFTER
    return condition.away or condition.unwritable or (SILENT if late else "")


async def keep_lease() -> None:
    """Renew this process's lease until it leaves. Each renewal also shows the state of the database."""
    hub = current_hub()
    while not lease.leaving:
        try:
            renewed = await in_lease_thread(renew, len(hub.connections))
        except Error as error:
            log.warning("This process could not renew its lease: %s", error)
            if lease.beat_at is None:
                lease.beat_at = -math.inf  # no renewal has succeeded yet
            was_away = condition.away
            condition.away, condition.unwritable = await _what_is_wrong(error)
            if condition.away and not was_away:
                condition.away_since = time.monotonic()
            if hub.sends_away():
                await hub.send_away(condition.away)
            await asyncio.sleep(AGAIN)
        else:
            condition.away = condition.unwritable = ""
            await _note_beat(renewed=renewed)
            await asyncio.sleep(BEAT)


async def _what_is_wrong(error: Error) -> tuple[str, str]:
    """Return why the database is away, and why it cannot be written, as `Condition` has them."""
    try:
        await in_lease_thread(ask_database)
    except Error as silence:
        return meaning(silence), ""
    return "", meaning(error)


async def _note_beat(*, renewed: bool) -> None:
    now, before = time.monotonic(), lease.beat_at
    lease.beat_at = condition.answered_at = now
    if before is None:
        return
    if now - before > DEAD_AFTER:
        lease.unreliable_until = now + DEAD_AFTER
    if not renewed:
        for call in revivals:
            await call()


async def give_up_lease() -> None:
    """Record that this process is leaving.

    Its lease stays valid for FAREWELL seconds, so that people who reconnect to another process do not seem to leave.
    """
    lease.leaving = True
    await in_lease_thread(_leave)


async def in_lease_thread(work: Callable[..., Any], *args: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(_thread, _promptly, work, *args)


def _promptly(work: Callable[..., Any], *args: Any) -> Any:
    """Do `work` over this thread's own connection, so that an exhausted pool does not look like a lost database.

    The kept connection may have ended meanwhile; then the work is tried once more over a new one.
    """
    kept = connection.connection is not None
    try:
        with patience(ANSWER):
            return work(*args)
    except AWAY:
        has_ended = kept and not connection.is_usable()
        connections.close_all()
        if not has_ended:
            raise
    return _promptly(work, *args)


def ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


@in_database
def _others() -> list[Any]:
    return list(alive().exclude(pk=PROCESS_ID).exclude(leaving=True))


async def client_count() -> tuple[int, int]:
    """Return how many sockets are open in all processes together, and how many processes are alive."""
    others = await _others()
    return len(current_hub().connections) + sum(other.connections for other in others), len(others) + 1


def renew(connections: int) -> bool:
    """Renew the lease. Return False when a new one had to be made, because it had expired or there was none."""
    from realtime.models import Process

    clock.measure()
    if alive().filter(pk=PROCESS_ID).update(seen_at=Now(), connections=connections):
        return True
    Process.objects.filter(pk=PROCESS_ID).delete()
    Process.objects.create(
        id=PROCESS_ID,
        host=socket.gethostname(),
        pid=os.getpid(),
        started_at=Now(),
        seen_at=Now(),
        connections=connections,
        build=build(),
    )
    Process.objects.filter(seen_at__lt=Now() - timedelta(minutes=10)).delete()
    return False


def _leave() -> None:
    from realtime.models import Process

    Process.objects.filter(pk=PROCESS_ID).update(
        leaving=True, connections=0, seen_at=Now() - timedelta(seconds=DEAD_AFTER - FAREWELL)
    )
