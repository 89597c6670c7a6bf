"""Clocks and statistics; pure, except that it reads the kernel's counters."""

import os
import resource
import statistics
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TICKS: Final = os.sysconf("SC_CLK_TCK")


def percentile(values: Iterable[float], share: float) -> float:
    """Return the percentile `share` (0 to 1) of `values` (nearest rank); NaN for no values."""
    ordered = sorted(values)
    if not ordered:
        return float("nan")
    return ordered[max(0, min(len(ordered) - 1, -int(-share * len(ordered) // 1) - 1))]


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some repeats, with the least and the greatest."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        return cls(statistics.median(values), min(values), max(values))


def processes_of(leader: int) -> list[int]:
    """Return the processes of the session that `leader` leads, and its children: a server with its workers."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # the process has ended meanwhile
            continue
        if leader in (int(stat.parent.name), int(fields[1]), int(fields[3])):  # itself, parent, session
            found.append(int(stat.parent.name))
    return sorted(found)


def cpu_of(pids: Iterable[int]) -> float:
    """Return the processor seconds that these processes have used. Ended processes count as zero."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def resident_of(pids: Iterable[int]) -> int:
    """Return the resident memory of these processes, in bytes."""
    total = 0
    for pid in pids:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        total += pages * os.sysconf("SC_PAGE_SIZE")
    return total


class Stopwatch:
    """Measures wall time, our own processor time, and that of servers, from its creation on.

    `leaders`: by name, the first processes of each server.
    """

    def __init__(self, leaders: Mapping[str, Sequence[int]]) -> None:
        self._leaders = leaders
        self._began = self._now()

    def _now(self) -> dict[str, float]:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        own = {"seconds": time.perf_counter(), "client_cpu": usage.ru_utime + usage.ru_stime}
        others = {
            f"{name}_cpu": cpu_of(pid for leader in leaders for pid in processes_of(leader))
            for name, leaders in self._leaders.items()
        }
        return own | others

    def read(self) -> dict[str, float]:
        """Return `seconds`, and the share of a core that each used meanwhile, as `client_cpu` and so on."""
        passed = {name: value - self._began[name] for name, value in self._now().items()}
        return {name: value if name == "seconds" else value / passed["seconds"] for name, value in passed.items()}
