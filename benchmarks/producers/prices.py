"""Streams whose values are the time of day, so that a viewer sees how late they are: `bench-00`, `bench-01` …

`BENCH_STREAMS` of them, each with `BENCH_RATE` values a second. The worker takes this folder by `PRODUCERS_DIR`.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable

from streams.producers.registry import producer


def clock(offset: float, every: float) -> Callable[[], AsyncIterator[float]]:
    async def values() -> AsyncIterator[float]:
        await asyncio.sleep(offset)
        due = time.monotonic()
        while True:
            due += every
            await asyncio.sleep(due - time.monotonic())
            yield time.time()

    return values


STREAMS, EVERY = int(os.environ.get("BENCH_STREAMS", "0")), 1 / float(os.environ.get("BENCH_RATE", "1"))
for number in range(STREAMS):
    values = clock(EVERY * number / STREAMS, EVERY)
    values.__qualname__ = f"bench_{number}"  # the registry tells producers apart by their functions' names
    producer(f"bench-{number:02}")(values)
