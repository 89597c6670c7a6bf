"""When an alert fires and when it is over: what the values of a stream, and the time, do to one rule. Pure.

The outcome depends on the values and their times alone, not on how often somebody looks; only silence counts while
somebody does (`Heard`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from streams.values import Kind, is_number, level_of


class Condition(StrEnum):
    """ABOVE and BELOW of numbers, WARN (a warning, or worse) and CRIT of statuses, SILENT of any stream."""

    ABOVE = "above"
    BELOW = "below"
    WARN = "warn"
    CRIT = "crit"
    SILENT = "silent"


#: The kind of stream that each condition watches; SILENT any.
WATCHES: Final = {
    Condition.ABOVE: Kind.NUMBER,
    Condition.BELOW: Kind.NUMBER,
    Condition.WARN: Kind.STATUS,
    Condition.CRIT: Kind.STATUS,
}
#: The levels at which a status meets a condition; "unknown" is neither that nor fine.
_BAD: Final = {Condition.WARN: {"warn", "crit"}, Condition.CRIT: {"crit"}}


@dataclass(frozen=True, slots=True)
class Terms:
    """What a rule says.

    It fires when the condition has held for `hold`, and is over when it has not held for `settle`, so that what
    flaps is one incident. A number is fine again only when it is `margin` away from `limit`.
    SILENT: no value came for `hold`.
    """

    condition: Condition
    limit: float
    margin: float
    hold: timedelta
    settle: timedelta


@dataclass(frozen=True, slots=True)
class Watched:
    """How a rule stands.

    `bad_since`: since when the condition holds; SILENT: when the last value came. `fine_since`: since when it does
    not, which matters while it fires. `firing`: an incident is open.
    """

    firing: bool = False
    bad_since: datetime | None = None
    fine_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """The time without a break in which a value would have been heard of: from `since` (None: no break is known).

    Silence counts from `since` on only: before it, nothing may have come because of us.
    """

    since: datetime | None = None
    until: datetime | None = None

    def go_on(self, now: datetime, lapse: timedelta) -> "Heard":
        """Return how it stands at `now`; a pause of more than `lapse` was a break."""
        if self.until is None or now - self.until <= lapse:
            return Heard(self.since, now if self.until is None else max(now, self.until))
        return Heard(now, now)


@dataclass(frozen=True, slots=True)
class Fired:
    since: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Resolved:
    until: datetime
    at: datetime


Transition = Fired | Resolved


def see(terms: Terms, watched: Watched, at: datetime, value: Any) -> Watched:
    """Return how the rule stands after `value`, which came at `at`; call `pass_time` up to `at` first."""
    if terms.condition == Condition.SILENT:
        return replace(watched, bad_since=at, fine_since=watched.fine_since or at)
    verdict = _holds(terms, value)
    if verdict and watched.bad_since is None:
        return replace(watched, bad_since=at, fine_since=None)
    if verdict is False and watched.fine_since is None:
        return replace(watched, bad_since=None, fine_since=at)
    return watched


def _holds(terms: Terms, value: Any) -> bool | None:
    """Return whether the condition holds; None: neither, so it stays as it is."""
    if terms.condition in _BAD:
        level = level_of(value)
        return None if level in (None, "unknown") else level in _BAD[terms.condition]
    if not is_number(value):
        return None
    over = value - terms.limit if terms.condition == Condition.ABOVE else terms.limit - value
    return True if over > 0 else False if over <= -terms.margin else None


def pass_time(
    terms: Terms, watched: Watched, now: datetime, heard_since: datetime | None = None
) -> Iterator[tuple[Watched, Transition | None]]:
    """Yield each change up to `now` if no value comes: the rule's state, and what to report.

    `heard_since`: see `Heard.since`; only SILENT uses it.
    """
    while (due := _next(terms, watched, heard_since)) is not None and due[0] <= now:
        _, watched, transition = due
        yield watched, transition


def _next(
    terms: Terms, watched: Watched, heard_since: datetime | None
) -> tuple[datetime, Watched, Transition | None] | None:
    """Return what happens next if no value comes, and when."""
    bad, fine = watched.bad_since, watched.fine_since
    counts_from = max(bad, heard_since) if bad and heard_since and terms.condition == Condition.SILENT else bad
    if not watched.firing:
        if bad is None or counts_from is None:
            return None
        at = counts_from + terms.hold
        return at, Watched(firing=True, bad_since=bad), Fired(bad, at)
    if fine is None:
        return None
    if terms.condition == Condition.SILENT and counts_from and counts_from + terms.hold <= fine + terms.settle:
        return counts_from + terms.hold, replace(watched, fine_since=None), None  # silent again, before it was over
    at = fine + terms.settle
    return at, replace(watched, firing=False), Resolved(fine, at)
