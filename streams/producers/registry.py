"""Producers by decorator:

    @producer("cpu", every=2, label="CPU", unit="%")
    def cpu() -> float:
        return psutil.cpu_percent()

This makes a stream `cpu` with a new value every two seconds. Put it into the module `producers` of any installed app,
or into a file of the folder `producers/` (PRODUCERS_DIR).
"""

import importlib.util
import inspect
import itertools
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules

from streams.retention.periods import RAW_FOR, RETENTION
from streams.values import Kind, WrongValue, check_kind
from streams.zones import check_zone

log = logging.getLogger(__name__)

Function = Callable[..., Any]
F = TypeVar("F", bound=Function)

#: When one run of a producer's function takes longer than this many seconds, its stream says so.
PATIENCE: Final = 30.0


@dataclass(frozen=True, slots=True)
class Producer:
    """Produces the values of one stream.

    `function` is a function (run in a thread), a coroutine function, or an asynchronous generator function, which
    chooses its own moments; the last two run in an event loop of their own. It may take one argument: the stream's last
    value (for a table its rows by key; None at first). It returns or yields values of the stream's kind
    (`streams.values.Kind`); None means no news.

    Times are in seconds. `cron`: a cron expression, in the time zone `zone`. Equal producers do the same; so `function`
    may also be an object whose class has `__call__` and `__eq__`.
    """

    slug: str
    function: Function
    every: float | None
    cron: str
    kind: Kind
    label: str
    unit: str
    stale_after: float
    raw_for: timedelta
    retention: timedelta
    patience: float
    zone: str = "UTC"

    @property
    def is_generator(self) -> bool:
        return inspect.isasyncgenfunction(self.function)

    @property
    def is_blocking(self) -> bool:
        asynchronous = map(inspect.iscoroutinefunction, (self.function, type(self.function).__call__))
        return not self.is_generator and not any(asynchronous)

    @property
    def wants_last(self) -> bool:
        return bool(inspect.signature(self.function).parameters)


@dataclass(frozen=True, slots=True)
class Excuse:
    """A function that gives no value, only the reason why there is none."""

    text: str

    def __call__(self) -> None:
        raise WrongValue(self.text)


def in_the_way(producer: Producer, kind: Kind) -> Producer:
    """Return a replacement for a producer whose stream has values of another kind; it says so as its error."""
    text = f"The stream has values of the kind {kind}, its producer gives {producer.kind}. Take another slug."
    return replace(producer, function=Excuse(text), kind=kind, every=60.0, cron="")


by_slug: dict[str, Producer] = {}


def producer(
    slug: str,
    *,
    every: float | None = None,
    cron: str = "",
    zone: str = "",
    kind: Kind | str = Kind.NUMBER,
    label: str = "",
    unit: str = "",
    stale_after: float | None = None,
    raw_for: timedelta = RAW_FOR,
    retention: timedelta = RETENTION,
    patience: float = PATIENCE,
) -> Callable[[F], F]:
    """Register the decorated function as the producer of the stream `slug`; see `Producer`.

    `every`: seconds between runs. `cron`: instead, a cron expression such as "0 6 * * 1-5", in the time zone `zone`
    (by default TIME_ZONE). An asynchronous generator has neither.

    `stale_after`: seconds after which the value counts as old (default: three times `every`, at least 5; with `cron`, a
    tenth more than its longest pause). `raw_for`: how long every sample is kept. `retention`: how long thinned samples
    are kept.

    Raises ValueError for combinations that make no sense.
    """

    def register(function: F) -> F:
        if inspect.isasyncgenfunction(function) + (every is not None) + bool(cron) != 1:
            raise ValueError(
                f"The producer {slug!r} must say `every`, say `cron`, or be an asynchronous generator: one of them."
            )
        if every is not None and every <= 0:
            raise ValueError(f"The producer {slug!r} runs every {every} seconds: give more than 0.")
        if len(inspect.signature(function).parameters) > 1:
            raise ValueError(f"The producer {slug!r} takes one argument at most: the last value.")
        place = zone or settings.TIME_ZONE
        try:
            check_kind(kind)
            check_zone(place)
            old = stale_after or default_stale_after(every, cron, place)
        except ValueError as error:
            raise ValueError(f"The producer {slug!r}: {error}") from None
        except CronSimError as error:
            raise ValueError(f"The producer {slug!r} has the cron expression {cron!r}: {error}.") from None
        known = by_slug.get(slug)
        if known is not None and _name(known.function) != _name(function):
            raise ValueError(f"Two producers feed the stream {slug!r}: {known.function} and {function}.")
        by_slug[slug] = Producer(
            slug, function, every, cron, Kind(kind), label, unit, old, raw_for, retention, patience, place
        )
        return function

    return register


def _name(function: Function) -> tuple[str, str]:
    return function.__module__, function.__qualname__


def default_stale_after(every: float | None, cron: str = "", zone: str = "UTC") -> float:
    """Return the default for `stale_after`."""
    if not cron:
        return max(5.0, 3 * (every or 0))
    moments = [
        moment.astimezone(UTC)
        for moment in itertools.islice(CronSim(cron, timezone.now().astimezone(ZoneInfo(zone))), 100)
    ]
    pauses = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(moments)]
    return 1.1 * max(pauses, default=0.0) + 60


def next_moment(cron: str, now: datetime, zone: str = "UTC") -> datetime:
    """Return the first moment of a cron expression after `now`, in UTC.

    Changes between summer and winter time are handled like in Debian's cron (README of cronsim, "DST Transitions").
    """
    return next(CronSim(cron, now.astimezone(ZoneInfo(zone)))).astimezone(UTC)


def all_producers() -> dict[str, Producer]:
    """Return the producers of all installed apps and of the files in PRODUCERS_DIR, by stream slug."""
    autodiscover_modules("producers")
    for path in sorted(Path(settings.PRODUCERS_DIR).glob("[!_]*.py")):
        _load(path)
    return dict(by_slug)


def module_of(slug: str) -> str:
    """Return the name of the module with the producer of this stream; "" when this process knows none."""
    return _name(by_slug[slug].function)[0] if slug in by_slug else ""


def _load(path: Path) -> None:
    """Import a file with producers. When that fails, the other files' producers must still run."""
    name = f"producers.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if name in sys.modules or spec is None or spec.loader is None:
        return
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception:
        del sys.modules[name]
        log.exception("%s cannot be imported, so its producers do not run", path)
