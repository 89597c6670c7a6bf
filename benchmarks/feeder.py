"""Publishes values of streams like a worker after its commit, but without a database.

    python -m benchmarks.feeder STREAMS RATE        RATE values a second of all streams together, until SIGTERM

So only the work of the server processes is measured: Redis, hub, fan-out. Each value is the time of day.
"""

import asyncio
import os
import sys
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from django.utils import timezone

from realtime.delivery.publish import Delivery, Publication, publish
from streams.events import update_of_value
from streams.models import Stream


async def feed(streams: list[Stream], rate: float) -> None:
    began, sent = time.monotonic(), 0
    while True:
        batch = []
        while sent < (time.monotonic() - began) * rate:
            stream = streams[sent % len(streams)]
            stream.seq += 1
            stream.value, stream.at = time.time(), timezone.now()
            batch.append(Publication(stream.topic, Delivery.LATEST, update_of_value(stream), stream.seq))
            sent += 1
        await publish(batch)
        await asyncio.sleep(max(0.0, began + sent / rate - time.monotonic()))


if __name__ == "__main__":
    own = list(Stream.objects.filter(slug__startswith="bench-").order_by("slug")[: int(sys.argv[1])])
    print(f"feeding {len(own)} streams", flush=True)
    asyncio.run(feed(own, float(sys.argv[2])))
