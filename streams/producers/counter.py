"""A number that grows at random times."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

from streams.producers.registry import producer


@producer("counter", label="Counter", stale_after=5)
async def counter(last: Any) -> AsyncIterator[int]:
    """Grow by 1 to 10 every 0 to 1 seconds, from the stored value on."""
    value = last or 0
    while True:
        await asyncio.sleep(random.random())  # noqa: S311 - a demonstration, no secret
        value += random.randint(1, 10)  # noqa: S311
        yield value
