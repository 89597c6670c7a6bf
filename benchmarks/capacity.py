"""Beyond one machine: computes from the measured costs what more people and more processes need.

    python -m benchmarks.capacity [results.json]

All costs come from the results of `bin/bench`; `costs` says from which ones.
"""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.measure import Spread
from benchmarks.scenarios import FAST, MANY_FAST, MANY_SLOW, OURS, SLOW
from benchmarks.targets import Results, values
from harness.launcher import ROOT

RESULTS: Final = Path(os.environ.get("SWITCHBOARD_VAR", ROOT / "var")) / "bench/results.json"
#: People in each of the rooms of `capacity-rooms`.
ROOM_OF: Final = 5
#: The share of a core that one process should use at the busiest time.
HEADROOM: Final = 0.7


@dataclass(frozen=True, slots=True)
class Costs:
    """What one message costs.

    In processor seconds of a server process: `taking`, to take, store, acknowledge and publish it; `hearing`, to take
    it from Redis in each other process; `giving`, to write it to one connection. In processor seconds of Redis:
    `redis`, for each process that hears it.

    `memory`: KiB of one connection. `stored`: the most messages a second that one process wrote, without sockets.
    """

    taking: float
    hearing: float
    giving: float
    redis: float
    memory: float
    stored: float


def costs(results: Results) -> Costs:
    """Compute the costs of a message from runs at two rates each. Raises KeyError with the name of a missing run.

    With N receivers in P processes, a message costs taking + (P − 1) × hearing + N × giving. Each cost is the slope
    between the slower and the faster run, so that the idle cost of a process, which is in both, cancels out.
    """

    def slope(name: str, rates: tuple[int, int], of: str = "server_cpu") -> float:
        slow, fast = (f"capacity-{name}-{rate}" for rate in rates)
        more = median(results, fast, "messages") - median(results, slow, "messages")
        return (median(results, fast, of) - median(results, slow, of)) / more

    giving = (slope("1000", (SLOW, FAST)) - slope("100", (SLOW, FAST))) / 900
    many = MANY_SLOW, MANY_FAST
    return Costs(
        taking=slope("rooms", many) - ROOM_OF * giving,
        hearing=max(0.0, slope("rooms", many, "silent_cpu")),
        giving=giving,
        redis=max(0.0, slope("rooms", many, "redis_cpu")) / 2,
        memory=median(results, "memory", "memory"),
        stored=median(results, "writer", "messages"),
    )


def median(results: Results, scenario: str, value: str) -> float:
    found = values(results.get(scenario, {}).get(OURS, ()), value)
    if not found:
        raise KeyError(f"{scenario} was not measured: bin/bench --only {scenario}")
    return Spread.of(found).median


@dataclass(frozen=True, slots=True)
class Usage:
    """People online, each in one room of `room` people, each sending `rate` messages a second."""

    people: int
    room: int
    rate: float

    @property
    def messages(self) -> float:
        return self.people * self.rate


@dataclass(frozen=True, slots=True)
class Need:
    """What a usage needs: server processes, and the load on each process and on what they share."""

    processes: int
    connections: float  # of one process
    memory: float  # MiB of one process, for its connections
    published: float  # messages a second into Redis
    heard: float  # messages a second out of Redis, over all processes
    redis: float  # cores' worth of Redis
    share_stored: float  # share of the most that one process wrote


def load(usage: Usage, processes: int, each: Costs) -> float:
    """Return the share of a core that each of `processes` uses."""
    message = each.taking + (processes - 1) * each.hearing + usage.room * each.giving
    return usage.messages * message / processes


def needs(usage: Usage, each: Costs, most: int = 100_000) -> Need | None:
    """Return the fewest processes that leave `HEADROOM`.

    None when hearing alone takes more than that of each process.
    """
    low, high = 1, most
    if load(usage, most, each) > HEADROOM:
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if load(usage, middle, each) <= HEADROOM else (middle + 1, high)
    heard = usage.messages * low
    return Need(
        processes=low,
        connections=usage.people / low,
        memory=usage.people / low * each.memory / 1024,
        published=usage.messages,
        heard=heard,
        redis=heard * each.redis,
        share_stored=usage.messages / each.stored,
    )


#: One message a minute from each person is a lively day. The rooms: a team's, a department's, an all-hands.
USAGES: Final = [Usage(people, room, 1 / 60) for people in (10_000, 100_000, 1_000_000) for room in (5, 50, 1000)]


def table(each: Costs, usages: Sequence[Usage] = USAGES) -> str:
    lines = [
        "| people online | in rooms of | processes | connections each | memory each | messages/s"
        " | out of Redis/s | Redis, cores | of one process' writing |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for usage in usages:
        need = needs(usage, each)
        if need is None:
            start = f"| {usage.people:,} | {usage.room} | too much to hear for one group"
            lines.append(f"{start} | | | {usage.messages:,.0f} | | | |")
            continue
        lines.append(
            f"| {usage.people:,} | {usage.room} | {need.processes} | {need.connections:,.0f} | {need.memory:,.0f} MiB"
            f" | {need.published:,.0f} | {need.heard:,.0f} | {need.redis:.2f} | {need.share_stored:.0%} |"
        )
    return "\n".join(lines)


def constants(each: Costs) -> str:
    return "\n".join(
        [
            "| what | measured |",
            "|---|---|",
            f"| to take, store, acknowledge and publish a message | {each.taking * 1e6:,.0f} µs |",
            f"| to hear it from Redis, per other process | {each.hearing * 1e6:,.0f} µs |",
            f"| to write it to one connection | {each.giving * 1e6:,.1f} µs |",
            f"| of Redis, per message and process that hears it | {each.redis * 1e6:,.0f} µs |",
            f"| memory of a connection | {each.memory:,.1f} KiB |",
            f"| messages that one process writes a second at most | {each.stored:,.0f} |",
        ]
    )


def main(arguments: Sequence[str]) -> None:
    path = Path(arguments[0]) if arguments else RESULTS
    found: Mapping[str, Any] = json.loads(path.read_text())
    each = costs(found["scenarios"])
    print(constants(each), table(each), sep="\n\n")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (KeyError, OSError) as missing:
        sys.exit(f"{missing}")
