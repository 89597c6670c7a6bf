"""Running one producer: its moments, its errors, its pauses."""

import asyncio
import logging
import random
import re
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.utils import timezone

from dashboard.producers.registry import Producer
from dashboard.threads import with_fresh_connection
from dashboard.values import Kind, check_value

log = logging.getLogger(__name__)

#: Seconds before a failed producer runs again: at first, and at most.
PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0
#: Characters of an error's reason.
REASON: Final = 120

_CREDENTIALS = re.compile(r"//[^/@\s]+@")


class TookTooLong(Exception):
    pass


@dataclass(frozen=True, slots=True)
class Said:
    """What a producer said: a value, or `error` with the time of the next try."""

    at: datetime
    value: Any = None
    error: str = ""
    retry_at: datetime | None = None


#: Takes what a producer says; waits while too much is waiting to be written.
Say = Callable[[Said], Awaitable[None]]


def reason(error: BaseException) -> str:
    """Return why in a few words that may be shown to everyone."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    first_line = str(text).strip().partition("\n")[0]
    return _CREDENTIALS.sub("//…@", first_line)[:REASON]


async def run(producer: Producer, last: Any, say: Say, threads: Executor) -> None:
    """Run `producer` for ever, from the stored value `last` on; give what it says to `say`.

    An exception is said as an error, then the producer runs again after a growing pause. A moment that comes
    while the last run still goes on is left out.
    """
    loop = asyncio.get_running_loop()
    mind = _Mind(producer, last, say)
    while True:
        try:
            began = loop.time()
            if producer.is_generator:
                async with aclosing(producer.function(*mind.arguments())) as values:
                    async for value in values:
                        await mind.take(value)
                await asyncio.sleep(mind.pause)
            else:
                await mind.take(await _call(producer, mind, threads))
                await asyncio.sleep(_until_next(began, loop.time(), producer.every or PAUSE))
        except Exception as error:
            log.exception("The producer %s failed; it runs again in %.0f s", producer.slug, mind.pause)
            await asyncio.sleep(await mind.fail(error))


class _Mind:
    """What is to be remembered from run to run: the last value, whether it failed, how long to pause."""

    def __init__(self, producer: Producer, last: Any, say: Say) -> None:
        self.producer = producer
        self.last = last
        self.say = say
        self.pause = PAUSE
        self.failing = False

    def arguments(self) -> tuple[Any, ...]:
        return (self.last,) if self.producer.wants_last else ()

    async def take(self, value: Any) -> None:
        """Say a value; None says at most that all is well again."""
        if value is None and not self.failing:
            return
        if value is not None:
            check_value(self.producer.kind, value)
            self.last = _merged(self.last, value) if self.producer.kind is Kind.TABLE else value
        self.pause, self.failing = PAUSE, False
        await self.say(Said(timezone.now(), value))

    async def fail(self, error: BaseException) -> float:
        """Say why it failed; return the seconds until the next try."""
        seconds = self.pause * random.uniform(0.8, 1.2)  # noqa: S311
        self.pause, self.failing = min(self.pause * 2, LONGEST_PAUSE), True
        now = timezone.now()
        await self.say(Said(now, error=reason(error), retry_at=now + timedelta(seconds=seconds)))
        return seconds


def _merged(rows: dict[str, Any] | None, changed: dict[str, Any]) -> dict[str, Any]:
    return {key: row for key, row in {**(rows or {}), **changed}.items() if row is not None}


def _until_next(began: float, now: float, every: float) -> float:
    """Return the seconds until the next multiple of `every` since `began`."""
    return every - (now - began) % every


async def _call(producer: Producer, mind: _Mind, threads: Executor) -> Any:
    """Return what the producer's function returns; TookTooLong when a coroutine function has no end.

    A thread can't be stopped: its stream says how it stands, and this waits for it.
    """
    arguments = mind.arguments()
    if not producer.is_blocking:
        try:
            return await asyncio.wait_for(producer.function(*arguments), producer.patience)
        except TimeoutError:
            raise TookTooLong(f"no answer within {producer.patience:g} s") from None
        finally:
            # Its ORM calls ran in the thread that all coroutines share: leave no dead connection there.
            with suppress(Exception):  # which must not take the place of a cancellation
                await sync_to_async(close_old_connections)()
    running = asyncio.get_running_loop().run_in_executor(threads, with_fresh_connection(producer.function), *arguments)
    done, _ = await asyncio.wait({running}, timeout=producer.patience)
    if not done:
        log.warning("The producer %s has been running for %g s", producer.slug, producer.patience)
        mind.failing = True
        await mind.say(Said(timezone.now(), error=f"no answer within {producer.patience:g} s"))
    return await running
