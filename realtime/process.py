"""This process among its fellows: its id, its build, its lease, and how many clients all have."""

import asyncio
import hashlib
import os
import socket
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import cache
from typing import Any, Final

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import Now

from realtime.database import in_database

PROCESS_ID: Final = uuid.uuid4().hex[:12]
#: Seconds between heartbeats, and after how many without one a process counts as dead.
BEAT: Final = 5.0
DEAD_AFTER: Final = 15.0
#: Seconds for which the lease of a process that left still holds.
FAREWELL: Final = 8.0

_revivals: list[Callable[[], Awaitable[None]]] = []
_state = {"unreliable_until": 0.0}


@cache
def build() -> str:
    """Return a short name of the code that runs: SWITCHBOARD_BUILD, or a digest of the sources."""
    if given := os.environ.get("SWITCHBOARD_BUILD"):
        return given[:40]
    digest = hashlib.sha256()
    for folder in ("accounts", "chat", "config", "dashboard", "realtime", "templates"):
        for path in sorted((settings.BASE_DIR / folder).rglob("*")):
            if path.suffix in (".py", ".js", ".css", ".html"):
                digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def alive() -> "QuerySet[Any]":
    """Return the processes whose lease is good, by the database's clock."""
    from realtime.models import Process

    return Process.objects.filter(seen_at__gt=Now() - timedelta(seconds=DEAD_AFTER))


def on_revival(call: Callable[[], Awaitable[None]]) -> None:
    """Have `call` made when this process, given up for dead by others, registers again."""
    _revivals.append(call)


def may_bury() -> bool:
    """False for a while after this process missed beats itself: then it is no judge of others."""
    return time.monotonic() >= _state["unreliable_until"]


async def keep_lease() -> None:
    """Renew this process's lease for ever."""
    from realtime.hub import current_hub

    hub = current_hub()
    known = False
    last = time.monotonic()
    while True:
        if time.monotonic() - last > DEAD_AFTER:
            _state["unreliable_until"] = time.monotonic() + DEAD_AFTER
        last = time.monotonic()
        revived = await _beat(len(hub.connections)) and known
        known = True
        if revived:
            for call in _revivals:
                await call()
        await asyncio.sleep(BEAT)


async def give_up_lease() -> None:
    """Say that this process is leaving.

    Its lease still runs out by itself, so that people on their way to another process do not seem to leave.
    """
    await in_database(_leave)()


async def client_count() -> tuple[int, int]:
    """Return how many sockets are open over all processes, and how many processes live."""
    from realtime.hub import current_hub

    others = [process async for process in alive().exclude(pk=PROCESS_ID).exclude(leaving=True)]
    return len(current_hub().connections) + sum(other.connections for other in others), len(others) + 1


@in_database
def _beat(connections: int) -> bool:
    """Renew the lease; return True when it had to be made anew."""
    from realtime.models import Process

    if Process.objects.filter(pk=PROCESS_ID).update(seen_at=Now(), connections=connections):
        return False
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
    return True


def _leave() -> None:
    from realtime.models import Process

    Process.objects.filter(pk=PROCESS_ID).update(
        leaving=True, connections=0, seen_at=Now() - timedelta(seconds=DEAD_AFTER - FAREWELL)
    )
