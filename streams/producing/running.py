"""Running one producer: its moments, its errors, its pauses."""

import asyncio
import logging
import random
import re
import time
import traceback
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import Executor
from contextlib import aclosing, suppress
from datetime import timedelta
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.utils import timezone

from realtime.limits.buckets import Bucket
from realtime.storage import clock
from streams.producers.registry import Producer, next_moment
from streams.threads import LoopOfItsOwn, with_fresh_connection
from streams.values import ROWS, Kind, Reading, WrongValue, as_number, check_value

log = logging.getLogger(__name__)

#: Seconds before a failed producer runs again: at first, and at most.
PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0
#: How many values a producer may give at once, then per second. One that gives more has to wait.
BURST: Final = 1_000
RATE: Final = 100.0
#: The most characters of an error's reason.
REASON: Final = 120
#: How many characters of an error are searched for the reason: its text may be of any length.
REASON_READ: Final = 1_000
#: The most characters of a traceback in the log, since an error may repeat.
TRACE: Final = 10_000
#: A wait for a time of day sleeps this many seconds at once, since the clock may be set meanwhile.
NAP: Final = 30.0

_CREDENTIALS = re.compile(r"//[^/@\s]+@")


class TookTooLong(Exception):
    pass


#: Takes a reading at once, then waits while too many readings wait to be written.
Say = Callable[[Reading], Awaitable[None]]


def reason(error: BaseException) -> str:
    """Return the reason of an error in a few words that everyone may see."""
    try:
        text = str(getattr(error, "strerror", None) or error)
    except Exception:
        text = ""
    first_line = (text or type(error).__name__).strip().partition("\n")[0][:REASON_READ]
    legible = "".join(sign if sign.isprintable() else " " for sign in first_line)
    return _CREDENTIALS.sub("//…@", legible)[:REASON]


async def run(producer: Producer, last: Any, say: Say, threads: Executor) -> None:
    """Run `producer` until cancelled, starting from the stored value `last`; pass its readings to `say`.

    After an exception, `say` gets an error, and the producer runs again after a growing pause. A moment that comes
    while a run still goes on is skipped. A slow producer delays no other: functions run in `threads`, coroutines in a
    loop of their own.
    """
    mind = _Mind(producer, last, say)
    if producer.cron or producer.is_generator:
        await mind.take(None)  # its first value may be hours away; until then the stream must not look abandoned
    if producer.cron:
        await _next_turn(producer, time.monotonic())
    if producer.is_blocking:
        await _run_until_cancelled(producer, mind, threads, None)
    else:
        async with LoopOfItsOwn(f"producer {producer.slug}") as own:
            await _run_until_cancelled(producer, mind, threads, own)


async def _run_until_cancelled(producer: Producer, mind: "_Mind", threads: Executor, own: LoopOfItsOwn | None) -> None:
    while True:
        began = time.monotonic()
        try:
            if own and producer.is_generator:
                await own.call(_drain(producer.function(*mind.arguments()), mind, asyncio.get_running_loop()))
            else:
                await mind.take(await _call(producer, mind, threads, own))
        except (Exception, asyncio.CancelledError) as error:
            if _is_cancelled():
                raise
            trace = mind.trace(error)
            log.error("The producer %s failed (%s), again in %.0f s%s", producer.slug, mind.trouble, mind.pause, trace)
            await asyncio.sleep(await mind.fail(error))
        else:
            await _next_turn(producer, began)


def _is_cancelled() -> bool:
    """True when this task itself is cancelled, False when the producer raised CancelledError."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _drain(values: AsyncGenerator[Any], mind: "_Mind", home: asyncio.AbstractEventLoop) -> None:
    """Pass all values of a generator, which runs in this loop, to `mind`, whose loop is `home`.

    A yielded value is passed on even when this is cancelled meanwhile.
    """
    async with aclosing(values):
        async for value in values:
            await asyncio.shield(asyncio.wrap_future(asyncio.run_coroutine_threadsafe(mind.take(value), home)))


class _Mind:
    """What is remembered between runs: the last value, whether the producer failed, how long to pause."""

    def __init__(self, producer: Producer, last: Any, say: Say) -> None:
        self.producer = producer
        self.last = last
        self.say = say
        self.pause = PAUSE
        #: True while boards may still show the stream as abandoned or failing.
        self.in_doubt = True
        self.bucket = Bucket(BURST, RATE, time.monotonic())
        self.trouble = ""  # why it last failed

    def arguments(self) -> tuple[Any, ...]:
        return (self.last,) if self.producer.wants_last else ()

    async def take(self, value: Any) -> None:
        """Pass a value on. None gives no value; it may only end an error."""
        if value is None and not self.in_doubt:
            return
        if value is not None:
            value = as_number(value) if self.producer.kind is Kind.NUMBER else value
            check_value(self.producer.kind, value)
            self.last = _merged(self.last, value) if self.producer.kind is Kind.TABLE else value
        self.pause, self.in_doubt, self.trouble = PAUSE, False, ""
        await self.say(Reading(clock.now(), value))
        while wait := self.bucket.take(time.monotonic()):  # noqa: ASYNC110 - tokens come with time, not with an event
            await asyncio.sleep(wait)

    def trace(self, error: BaseException) -> str:
        """Return the traceback for the log; "" when it is the same as at the last try."""
        before, self.trouble = self.trouble, f"{type(error).__name__}: {reason(error)}"
        return "" if before == self.trouble else "\n" + "".join(traceback.format_exception(error))[:TRACE]

    async def fail(self, error: BaseException) -> float:
        """Pass the error on; return the seconds until the next try."""
        seconds = self.pause * random.uniform(0.8, 1.2)  # noqa: S311
        self.pause, self.in_doubt = min(self.pause * 2, LONGEST_PAUSE), True
        now = clock.now()
        await self.say(Reading(now, error=reason(error), retry_at=now + timedelta(seconds=seconds)))
        return seconds


def _merged(rows: dict[str, Any] | None, changed: dict[str, Any]) -> dict[str, Any]:
    """Return the rows of a table after a change. Raises WrongValue when there are too many."""
    merged = {key: row for key, row in {**(rows or {}), **changed}.items() if row is not None}
    if len(merged) > ROWS:
        raise WrongValue(f"A table has up to {ROWS} rows; take some away by giving None for them.")
    return merged


async def _next_turn(producer: Producer, began: float) -> None:
    """Wait for the producer's next moment after a run that began at `began` (monotonic seconds)."""
    if producer.cron:
        due = next_moment(producer.cron, timezone.now(), producer.zone)
        while (left := (due - timezone.now()).total_seconds()) > 0:  # noqa: ASYNC110 - a clock tells no event
            await asyncio.sleep(min(left, NAP))
    elif producer.every:
        await asyncio.sleep(until_next(began, time.monotonic(), producer.every))
    else:
        await asyncio.sleep(PAUSE)  # a generator that has ended


def until_next(began: float, now: float, every: float) -> float:
    """Return the seconds until the next multiple of `every` since `began`."""
    return every - (now - began) % every


async def _call(producer: Producer, mind: _Mind, threads: Executor, own: LoopOfItsOwn | None) -> Any:
    """Return what the producer's function returns. Raises TookTooLong for a coroutine function that does not end.

    A thread can't be stopped: the stream gets an error, and this waits for the thread.
    """
    arguments = mind.arguments()
    if own:
        try:
            async with asyncio.timeout(producer.patience) as limit:
                return await own.call(producer.function(*arguments))
        except TimeoutError:
            if not limit.expired():
                raise  # the function's own error
            raise TookTooLong(f"no answer within {producer.patience:g} s") from None
        finally:
            # Its ORM calls ran in the thread that all coroutines share: close dead connections there.
            with suppress(Exception):  # an error here must not replace a cancellation
                await sync_to_async(close_old_connections)()
    running = asyncio.get_running_loop().run_in_executor(threads, with_fresh_connection(producer.function), *arguments)
    done, _ = await asyncio.wait({running}, timeout=producer.patience)
    if not done:
        log.warning("The producer %s has been running for %g s", producer.slug, producer.patience)
        mind.in_doubt = True
        await mind.say(Reading(clock.now(), error=f"no answer within {producer.patience:g} s"))
    return await running
