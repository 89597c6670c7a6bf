"""Work that every server process runs from its start. (Daphne has no lifespan events for this.)"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from channels.layers import InMemoryChannelLayer, get_channel_layer

from realtime.storage.database import log_failure

log = logging.getLogger(__name__)

#: Seconds that work gets to end by itself when the process stops.
PATIENCE: Final = 10.0
#: Seconds before failed work is started again: the first time, and at most. Work that ran for GOOD_AFTER starts over
#: from PAUSE.
PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0
GOOD_AFTER: Final = 60.0

Work = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Registered:
    name: str
    work: Work
    when: Callable[[], bool]


registered: dict[str, _Registered] = {}
farewells: dict[str, Work] = {}
running: dict[str, asyncio.Task[None]] = {}


def register(name: str, work: Work, *, when: Callable[[], bool] = lambda: True) -> None:
    """Have `work` run in every server process for which `when()` is true; call it in `AppConfig.ready`.

    When it fails or returns, it is started again after a growing pause. Shutdown cancels it.
    """
    registered[name] = _Registered(name, work, when)


def register_farewell(name: str, work: Work) -> None:
    """Run `work` once while the process drains, after its sockets are closed."""
    farewells[name] = work


def layer_is_embedded() -> bool:
    """True with the in-memory channel layer, which reaches this process only."""
    return isinstance(get_channel_layer(), InMemoryChannelLayer)


async def start() -> None:
    """Start all registered work in the running loop; further calls do nothing."""
    for entry in registered.values():
        if entry.name not in running and entry.when():
            running[entry.name] = asyncio.create_task(_supervise(entry), name=entry.name)


async def stop() -> None:
    """Run the farewells, then cancel all work and wait until it has ended."""
    for name, farewell in farewells.items():
        try:
            await asyncio.wait_for(farewell(), PATIENCE)
        except Exception:
            log.exception("The farewell of %s failed", name)
    tasks = list(running.values())
    running.clear()
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=PATIENCE)


async def _supervise(entry: _Registered) -> None:
    pause = PAUSE
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        try:
            await entry.work()
        except asyncio.CancelledError:
            if _is_cancelled():
                raise
            log.warning("%s was cancelled from within", entry.name)
        except Exception as error:
            log_failure(log, error, entry.name)
        if loop.time() - began > GOOD_AFTER:
            pause = PAUSE
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


def _is_cancelled() -> bool:
    """True when this task itself was cancelled, not only something it awaited."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
