"""The targets for Switchboard, and whether it reached them; pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.measure import Spread
from benchmarks.scenarios import EMBEDDED, OURS, PIPE

#: Raw results: by scenario and contestant, one result per repeat.
Results = Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One row of the table. `reached` is a ratio or a figure; None when it was not measured."""

    what: str
    wanted: str
    reached: Spread | None
    met: bool


@dataclass(frozen=True, slots=True)
class Ratio:
    """Compares `ours` with `peer` by the figure `value`: at least `bound` times as much (with `most`: at most)."""

    what: str
    scenario: str
    value: str
    peer: str
    bound: float
    ours: str = OURS
    most: bool = False

    def judge(self, results: Results) -> Verdict:
        rows = results.get(self.scenario, {})
        own, other = values(rows.get(self.ours, ()), self.value), values(rows.get(self.peer, ()), self.value)
        spread = ratios(own, other)
        sign = "≤" if self.most else "≥"
        met = spread is not None and (spread.median <= self.bound if self.most else spread.median >= self.bound)
        return Verdict(f"{self.what}, against {self.peer}", f"{sign} {self.bound:g}×", spread, met)


@dataclass(frozen=True, slots=True)
class Limit:
    """A figure of ours that must stay at or below `bound`."""

    what: str
    scenario: str
    value: str
    bound: float
    unit: str

    def judge(self, results: Results) -> Verdict:
        own = values(results.get(self.scenario, {}).get(OURS, ()), self.value)
        spread = Spread.of(own) if own else None
        # The worst repeat counts: an average does not keep a promise.
        met = spread is not None and spread.most <= self.bound
        return Verdict(self.what, f"≤ {self.bound:g}{self.unit}", spread, met)


def values(measured: Sequence[Mapping[str, Any]], name: str) -> list[float]:
    """Return a figure of each repeat, without failed repeats."""
    found = [float(each.get(name, math.nan)) for each in measured]
    return [value for value in found if not math.isnan(value)]


def ratios(own: Sequence[float], other: Sequence[float]) -> Spread | None:
    """Return the ratio of the medians, with the least and the greatest ratio of repeats that ran side by side."""
    if not own or not other or 0 in other:
        return None
    pairs = [mine / theirs for mine, theirs in zip(own, other, strict=False)]
    return Spread(Spread.of(own).median / Spread.of(other).median, min(pairs), max(pairs))


SIXTEEN: Final = "Fan-out to 1000, sixteen in flight"
ONE: Final = "Fan-out to 1000, one in flight"
STORED: Final = "Messages stored and delivered, 500 senders"
WRITTEN: Final = "Messages stored, 500 senders, without sockets"
TARGETS: Final[tuple[Ratio | Limit, ...]] = (
    Ratio(SIXTEEN, "fanout-1000-16", "deliveries", "stock", 300),
    Ratio(SIXTEEN, "fanout-1000-16", "deliveries", "autobahn", 15),
    Ratio(SIXTEEN, "fanout-1000-16", "deliveries", "socketio", 12),
    Ratio(SIXTEEN, "fanout-1000-16", "deliveries", "nchan", 3),
    Ratio(ONE, "fanout-1000-1", "deliveries", "stock", 50),
    Ratio(ONE, "fanout-1000-1", "deliveries", "autobahn", 4),
    Ratio(ONE, "fanout-1000-1", "deliveries", "socketio", 1.7),
    Ratio(ONE, "fanout-1000-1", "deliveries", "nchan", 1),
    Ratio("200 rooms of 5, fan-out alone", "rooms", "deliveries", "stock", 40, PIPE),
    Ratio("200 rooms of 5, every message stored", "rooms", "deliveries", "stock", 15),
    Limit("1000 viewers × 1000 values a second: p99", "values", "p99", 50, " ms"),
    Limit("1000 viewers × 1000 values a second: newest values lost", "values", "lost", 0, ""),
    Ratio(f"{STORED}, PostgreSQL", "stored", "messages", "stock-postgresql", 100),
    Ratio(f"{STORED}, SQLite", "stored", "messages", "stock-sqlite", 15, EMBEDDED),
    Ratio(f"{WRITTEN}, PostgreSQL", "writer", "messages", "stock-postgresql", 100),
    Ratio(f"{WRITTEN}, SQLite", "writer", "messages", "stock-sqlite", 15, EMBEDDED),
    Ratio("One sender, PostgreSQL", "writer-one", "messages", "stock-postgresql", 1),
    Ratio("One sender, SQLite", "writer-one", "messages", "stock-sqlite", 1, EMBEDDED),
    Limit("1000 clients come back at once: all live", "return", "live", 10, " s"),
    Limit("1000 clients come back at once: history queries", "return", "history_queries", 2, ""),
    Ratio("Memory of an idle connection", "memory", "memory", "stock", 0.6, most=True),
)
