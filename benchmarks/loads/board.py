"""The values of a board's streams, as its viewers get them."""

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

    We print a line when all viewers are there; then that process starts, and the next line of our input has its id.
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
    """What one viewer got: the newest seq of each stream, and the delay of each value (s)."""

    last: dict[str, int] = field(default_factory=dict)
    values: dict[str, float | None] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    updates: int = 0
    skipped: int = 0  # values that a newer value replaced
    reordered: int = 0

    @classmethod
    def of(cls, frames: Sequence[tuple[bytes, float]], since: float) -> "Seen":
        """Read `update` frames, each with its time of arrival. Latencies are of values sent after `since`."""
        seen = cls()
        for payload, at in frames:
            for slug, update in json.loads(payload)["streams"].items():
                before = seen.last.get(slug)
                seen.updates += 1
                if before is not None:
                    seen.reordered += update["seq"] <= before
                    seen.skipped += max(0, update["seq"] - before - 1)
                seen.last[slug] = update["seq"]
                # A new producer has no value yet. When the worker is gone, all streams are sent again with state
                # "unknown".
                value, said = update["value"], seen.values.get(slug)
                if value != said and (value or 0) >= since:
                    seen.latencies.append(at - value)
                seen.values[slug] = value
        return seen
