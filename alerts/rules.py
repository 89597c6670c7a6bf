"""When an alert fires and when it is over: how a stream's values, and time, change a rule's state. Pure.

The result depends only on the values and their times, not on how often the rule is evaluated. The exception is silence,
which counts only while somebody watches (`Heard`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from streams.values import Kind, is_number, level_of


class Condition(StrEnum):
    """ABOVE and BELOW are for numbers, WARN (a warning or worse) and CRIT for statuses, SILENT for any stream."""

    ABOVE = "above"
    BELOW = "below"
    WARN = "warn"
    CRIT = "crit"
    SILENT = "silent"


#: The kind of stream that each condition watches. SILENT watches any.
WATCHES: Final = {
    Condition.ABOVE: Kind.NUMBER,
    Condition.BELOW: Kind.NUMBER,
    Condition.WARN: Kind.STATUS,
    Condition.CRIT: Kind.STATUS,
}
#: The levels at which a status meets a condition. "unknown" neither meets it nor is fine.
_BAD: Final = {Condition.WARN: {"warn", "crit"}, Condition.CRIT: {"crit"}}


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a rule.

    It fires when the condition has held for `hold`. It is over when the condition has not held for `settle`, so that a
    value that swings makes one incident. A number is fine again only when it is `margin` away from `limit`. SILENT
    fires when no value came for `hold`.
    """

    condition: Condition
    limit: float
    margin: float
    hold: timedelta
    settle: timedelta


@dataclass(frozen=True, slots=True)
class Watched:
    """The state of a rule.

    `bad_since`: since when the condition holds; for SILENT, when the last value came. `fine_since`: since when it does
    not hold (used while firing). `firing`: an incident is open.
    """

    firing: bool = False
    bad_since: datetime | None = None
    fine_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """Since when we could have noticed any value, without a break: `since` (None: no break is known).

    Silence counts from `since` on: before it, values may be missing because of our own outage.
    """

    since: datetime | None = None
    until: datetime | None = None

    def go_on(self, now: datetime, lapse: timedelta) -> "Heard":
        """Return the state at `now`. A pause longer than `lapse` was a break."""
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
    """Return the rule's state after `value`, which came at `at`. Call `pass_time` up to `at` first."""
    if terms.condition == Condition.SILENT:
        return replace(watched, bad_since=at, fine_since=watched.fine_since or at)
    verdict = _holds(terms, value)
    if verdict and watched.bad_since is None:
        return replace(watched, bad_since=at, fine_since=None)
    if verdict is False and watched.fine_since is None:
        return replace(watched, bad_since=None, fine_since=at)
    return watched


def _holds(terms: Terms, value: Any) -> bool | None:
    """Return whether the condition holds; None: undecided, so the state stays."""
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
    """Return the next change if no value comes: its time, the new state, and what to report."""
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
