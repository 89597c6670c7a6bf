"""Values of a board's streams, as its viewers see them."""

import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.loads.load import Load, Result, opened
from benchmarks.loads.outcome import latency
from benchmarks.measure import Stopwatch


def board(load: Load) -> Result:
    """Watch a board that another process feeds with the time of day as each value, and compare the last values.

    That process is started when we say that all viewers are there; the next line we read has its id.
    """
    client, rooms = opened(load)
    print("ready", flush=True)
    source = int(sys.stdin.readline())
    until = time.perf_counter() + load.warmup
    while time.perf_counter() < until:
        client.poll(0.05)
    since = time.time()
    stopwatch, before = Stopwatch(load.leaders), client.delivered
    until = time.perf_counter() + load.seconds
    while time.perf_counter() < until:
        client.poll(0.05)
    result = stopwatch.read()
    result["deliveries"] = (client.delivered - before) / result["seconds"]
    os.kill(source, signal.SIGTERM)
    client.settle(1.0)
    seen = [Seen.of(connection.frames, since) for room in rooms for connection in room.members if connection.reader]
    latencies = [latency for each in seen for latency in each.latencies]
    result |= latency(latencies)
    newest = {slug: max(each.last.get(slug, 0) for each in seen) for slug in set().union(*(each.last for each in seen))}
    result["streams"] = len(newest)
    result["lost"] = sum(each.last.get(slug) != seq for each in seen for slug, seq in newest.items())
    result["reordered"] = sum(each.reordered for each in seen)
    result["conflated"] = sum(each.skipped for each in seen) / max(1, sum(each.updates for each in seen))
    result |= {"closed": len(client.lost), "opening": client.opening, "settling": client.settling}
    client.close()
    return result


@dataclass(slots=True)
class Seen:
    """What one viewer saw of a board: the newest seq of each stream, and how late values came (s)."""

    last: dict[str, int] = field(default_factory=dict)
    values: dict[str, float | None] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    updates: int = 0
    skipped: int = 0  # numbers that a newer value replaced
    reordered: int = 0

    @classmethod
    def of(cls, frames: Sequence[tuple[bytes, float]], since: float) -> "Seen":
        """Read `update` frames, each with the time of day when it came; latencies of those sent after `since`."""
        seen = cls()
        for payload, at in frames:
            for slug, update in json.loads(payload)["streams"].items():
                before = seen.last.get(slug)
                seen.updates += 1
                if before is not None:
                    seen.reordered += update["seq"] <= before
                    seen.skipped += max(0, update["seq"] - before - 1)
                seen.last[slug] = update["seq"]
                # A producer that has just begun has none, and when the worker is gone all are told again with that.
                value, said = update["value"], seen.values.get(slug)
                if value != said and (value or 0) >= since:
                    seen.latencies.append(at - value)
                seen.values[slug] = value
        return seen
