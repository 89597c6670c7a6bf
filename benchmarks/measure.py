"""Clocks and statistics; pure but for reading what the kernel counted."""

import os
import resource
import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TICKS: Final = os.sysconf("SC_CLK_TCK")


def percentile(values: Iterable[float], share: float) -> float:
    """Return the value that `share` (0 to 1) of `values` do not exceed (nearest rank); NaN of none."""
    ordered = sorted(values)
    if not ordered:
        return float("nan")
    return ordered[max(0, min(len(ordered) - 1, -int(-share * len(ordered) // 1) - 1))]


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some repeats, the least and the most."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        return cls(statistics.median(values), min(values), max(values))


def processes_of(leader: int) -> list[int]:
    """Return the processes of a session, by the one that leads it: a server with its workers."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        if int(fields[3]) == leader:
            found.append(int(stat.parent.name))
    return sorted(found)


def cpu_of(pids: Iterable[int]) -> float:
    """Return the processor seconds that these processes have used; those that have ended count nothing."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def resident_of(pids: Iterable[int]) -> int:
    """Return the bytes of memory that these processes hold."""
    total = 0
    for pid in pids:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        total += pages * os.sysconf("SC_PAGE_SIZE")
    return total


class Stopwatch:
    """Wall time, our own processor time, and that of the server, from its making on."""

    def __init__(self, pids: Sequence[int]) -> None:
        self._pids = pids
        self._wall, self._own, self._server = self._now()

    def _now(self) -> tuple[float, float, float]:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return time.perf_counter(), usage.ru_utime + usage.ru_stime, cpu_of(self._pids)

    def read(self) -> dict[str, float]:
        """Return `seconds`, and the shares of a core that client and server used meanwhile."""
        wall, own, server = self._now()
        seconds = wall - self._wall
        return {
            "seconds": seconds,
            "client_cpu": (own - self._own) / seconds,
            "server_cpu": (server - self._server) / seconds,
        }
