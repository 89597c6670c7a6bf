"""Producers by decorator:

    @producer("cpu", every=2, label="CPU", unit="%")
    def cpu() -> float:
        return psutil.cpu_percent()

in the module `producers` of any installed app is a stream `cpu` with a new value every two seconds.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar

from django.utils.module_loading import autodiscover_modules

from dashboard.values import Kind

Function = Callable[..., Any]
F = TypeVar("F", bound=Function)

#: Seconds that one run of a producer's function may take before its stream says so.
PATIENCE: Final = 30.0


@dataclass(frozen=True, slots=True)
class Producer:
    """What feeds one stream.

    `function` is a function (run in a thread), a coroutine function, or an asynchronous generator function,
    which chooses its own moments. It may take one argument: the stream's last value (for a table its rows
    by key), None at the first time. What it returns or yields is a value of the stream's kind
    (`dashboard.values.Kind`); None is no news. Times in seconds.
    """

    slug: str
    function: Function
    every: float | None
    kind: Kind
    label: str
    unit: str
    stale_after: float
    retention: timedelta
    patience: float

    @property
    def is_generator(self) -> bool:
        return inspect.isasyncgenfunction(self.function)

    @property
    def is_blocking(self) -> bool:
        return not self.is_generator and not inspect.iscoroutinefunction(self.function)

    @property
    def wants_last(self) -> bool:
        return bool(inspect.signature(self.function).parameters)


_producers: dict[str, Producer] = {}


def producer(
    slug: str,
    *,
    every: float | None = None,
    kind: Kind = Kind.NUMBER,
    label: str = "",
    unit: str = "",
    stale_after: float | None = None,
    retention: timedelta = timedelta(days=7),
    patience: float = PATIENCE,
) -> Callable[[F], F]:
    """Register the decorated function as the producer of the stream `slug`; see `Producer`.

    `every`: seconds between runs; an asynchronous generator has none. `stale_after`: seconds after which the
    value counts as old (three times `every`, at least 5). Raises ValueError for what makes no sense.
    """

    def register(function: F) -> F:
        made = Producer(
            slug, function, every, kind, label, unit, stale_after or max(5.0, 3 * (every or 0)), retention, patience
        )
        if made.is_generator == (every is not None):
            raise ValueError(f"The producer {slug!r} must be an asynchronous generator or say `every`, not both.")
        if len(inspect.signature(function).parameters) > 1:
            raise ValueError(f"The producer {slug!r} takes one argument at most: the last value.")
        known = _producers.get(slug)
        if known is not None and known.function.__qualname__ != function.__qualname__:
            raise ValueError(f"Two producers feed the stream {slug!r}: {known.function} and {function}.")
        _producers[slug] = made
        return function

    return register


def all_producers() -> dict[str, Producer]:
    """Return the producers of all installed apps, by the slug of their stream."""
    autodiscover_modules("producers")
    return dict(_producers)
