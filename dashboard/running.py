"""Running one producer: its moments, its errors, its pauses."""

import asyncio
import logging
import random
import re
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.utils import timezone

from dashboard.producers.registry import Producer, next_moment
from dashboard.threads import with_fresh_connection
from dashboard.values import Kind, check_value

log = logging.getLogger(__name__)

#: Seconds before a failed producer runs again: at first, and at most.
PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0
#: Characters of an error's reason.
REASON: Final = 120
#: Seconds that a wait for a moment of the wall clock sleeps at a time: that clock may be set meanwhile.
NAP: Final = 30.0

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
    mind = _Mind(producer, last, say)
    if producer.cron or producer.is_generator:
        await mind.take(None)  # its first value may be far away, and until then somebody does produce it
    if producer.cron:
        await _next_turn(producer, time.monotonic())
    while True:
        began = time.monotonic()
        try:
            if producer.is_generator:
                async with aclosing(producer.function(*mind.arguments())) as values:
                    async for value in values:
                        await mind.take(value)
            else:
                await mind.take(await _call(producer, mind, threads))
        except (Exception, SystemExit) as error:
            log.exception("The producer %s failed; it runs again in %.0f s", producer.slug, mind.pause)
            await asyncio.sleep(await mind.fail(error))
        else:
            await _next_turn(producer, began)


class _Mind:
    """What is to be remembered from run to run: the last value, whether it failed, how long to pause."""

    def __init__(self, producer: Producer, last: Any, say: Say) -> None:
        self.producer = producer
        self.last = last
        self.say = say
        self.pause = PAUSE
        #: Whether boards may believe that nobody produces this, or that it fails.
        self.in_doubt = True

    def arguments(self) -> tuple[Any, ...]:
        return (self.last,) if self.producer.wants_last else ()

    async def take(self, value: Any) -> None:
        """Say a value; None says at most that all is well again."""
        if value is None and not self.in_doubt:
            return
        if value is not None:
            check_value(self.producer.kind, value)
            self.last = _merged(self.last, value) if self.producer.kind is Kind.TABLE else value
        self.pause, self.in_doubt = PAUSE, False
        await self.say(Said(timezone.now(), value))

    async def fail(self, error: BaseException) -> float:
        """Say why it failed; return the seconds until the next try."""
        seconds = self.pause * random.uniform(0.8, 1.2)  # noqa: S311
        self.pause, self.in_doubt = min(self.pause * 2, LONGEST_PAUSE), True
        now = timezone.now()
        await self.say(Said(now, error=reason(error), retry_at=now + timedelta(seconds=seconds)))
        return seconds


def _merged(rows: dict[str, Any] | None, changed: dict[str, Any]) -> dict[str, Any]:
    return {key: row for key, row in {**(rows or {}), **changed}.items() if row is not None}


async def _next_turn(producer: Producer, began: float) -> None:
    """Wait for the producer's next moment after a run that began at `began` (monotonic seconds)."""
    if producer.cron:
        due = next_moment(producer.cron, timezone.now(), producer.zone)
        while (left := (due - timezone.now()).total_seconds()) > 0:  # noqa: ASYNC110 - a clock tells no event
            await asyncio.sleep(min(left, NAP))
    elif producer.every:
        await asyncio.sleep(_until_next(began, time.monotonic(), producer.every))
    else:
        await asyncio.sleep(PAUSE)  # a generator that came to its end


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
            async with asyncio.timeout(producer.patience) as limit:
                return await producer.function(*arguments)
        except TimeoutError:
            if not limit.expired():
                raise  # its own
            raise TookTooLong(f"no answer within {producer.patience:g} s") from None
        finally:
            # Its ORM calls ran in the thread that all coroutines share: leave no dead connection there.
            with suppress(Exception):  # which must not take the place of a cancellation
                await sync_to_async(close_old_connections)()
    running = asyncio.get_running_loop().run_in_executor(threads, with_fresh_connection(producer.function), *arguments)
    done, _ = await asyncio.wait({running}, timeout=producer.patience)
    if not done:
        log.warning("The producer %s has been running for %g s", producer.slug, producer.patience)
        mind.in_doubt = True
        await mind.say(Said(timezone.now(), error=f"no answer within {producer.patience:g} s"))
    return await running
