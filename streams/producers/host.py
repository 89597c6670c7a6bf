"""This machine's processor, memory, disk and network."""

import time
from collections.abc import Callable
from typing import Any, Final

import psutil
from django.conf import settings

from streams.producers.registry import producer
from streams.values import Kind


@producer("cpu", every=2, label="CPU", unit="%")
def cpu() -> float:
    # Without an interval psutil compares with the last call of the same thread, and there may be none.
    return float(psutil.cpu_percent(interval=1))


@producer("memory", every=2, label="Memory", unit="%")
def memory() -> float:
    return float(psutil.virtual_memory().percent)


@producer("memory-used", every=2, label="Memory used", unit="B")
def memory_used() -> int:
    found = psutil.virtual_memory()
    return int(found.total - found.available)


@producer("disk", every=15, label="Disk", unit="%")
def disk() -> float:
    return float(psutil.disk_usage(str(settings.BASE_DIR)).percent)


@producer("disk-free", every=15, label="Disk free", unit="B")
def disk_free() -> int:
    return int(psutil.disk_usage(str(settings.BASE_DIR)).free)


#: The least seconds between two readings of a counter for a rate: in less time, one packet looks like a flood.
SHORTEST: Final = 0.5


def rate(counter: Callable[[], int]) -> Callable[[], float | None]:
    """Return a function that gives how much `counter` grew per second since its last call."""
    last: list[tuple[float, int]] = []

    def rate() -> float | None:
        now, count = time.monotonic(), counter()
        if last and now - last[0][0] < SHORTEST:  # the producer was restarted
            return None
        grown = (count - last[0][1]) / (now - last[0][0]) if last else None
        last[:] = [(now, count)]
        # When a network card is removed, the sum shrinks.
        return None if grown is None else round(max(grown, 0.0), 1)

    return rate


_received = rate(lambda: int(psutil.net_io_counters().bytes_recv))
_sent = rate(lambda: int(psutil.net_io_counters().bytes_sent))


@producer("network-in", every=2, label="Received", unit="B/s")
def network_in() -> float | None:
    return _received()


@producer("network-out", every=2, label="Sent", unit="B/s")
def network_out() -> float | None:
    return _sent()


@producer("load", every=5, label="Load", stale_after=20)
def load() -> float:
    """Return how many processes, on average over the last minute, were running or waiting to run."""
    return round(float(psutil.getloadavg()[0]), 2)


def health(percent: float, what: str, warn: float, crit: float) -> dict[str, Any]:
    """Return a status value: how full something is, and how bad that is."""
    level = "crit" if percent >= crit else "warn" if percent >= warn else "ok"
    return {"level": level, "text": f"{what} {percent:.0f} % full"}


@producer("disk-health", every=15, kind=Kind.STATUS, label="Disk")
def disk_health() -> dict[str, Any]:
    return health(disk(), "disk", warn=80, crit=92)


@producer("memory-health", every=5, kind=Kind.STATUS, label="Memory")
def memory_health() -> dict[str, Any]:
    return health(memory(), "memory", warn=85, crit=95)


@producer("uptime", every=30, kind=Kind.TEXT, label="Up since the last boot")
def uptime() -> str:
    minutes = int(time.time() - psutil.boot_time()) // 60
    days, hours = minutes // 1440, minutes // 60 % 24
    return f"{days} d {hours} h" if days else f"{hours} h {minutes % 60} min"
