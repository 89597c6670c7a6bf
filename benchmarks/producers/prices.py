"""Streams whose values are the time of day, so that viewers can tell their delay: `bench-00`, `bench-01` …

There are `BENCH_STREAMS` of them, each with `BENCH_RATE` values a second. `PRODUCERS_DIR` points the worker to this
folder.
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
    values.__qualname__ = f"bench_{number}"  # the registry distinguishes producers by the names of their functions
    producer(f"bench-{number:02}")(values)
