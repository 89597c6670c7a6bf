"""How many values a worker stores: `python -m benchmarks.samples [--streams 50] [--rate 20] [--seconds 30]`.

Runs the real worker on a new SQLite file. Each producer gives a number `rate` times a second. Meanwhile another
connection reads the board's history every second, like connecting screens. Prints how much was stored, how long a value
took from its producer to the commit, and the cost of pruning and thinning afterwards.
"""

import argparse
import asyncio
import os
import resource
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures how many values the worker stores on SQLite.")
    parser.add_argument("--streams", type=int, default=50)
    parser.add_argument("--rate", type=float, default=20.0, help="values a second, of each stream")
    parser.add_argument("--seconds", type=float, default=30.0)
    return parser.parse_args()


def percentile(sorted_values: list[float], part: float) -> float:
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * part))]


def counting(rate: float, said: list[int]) -> Callable[[], AsyncIterator[int]]:
    """Return a producer that counts at exact intervals, without drift."""

    async def count() -> AsyncIterator[int]:
        loop = asyncio.get_running_loop()
        began, number = loop.time(), 0
        while True:
            number += 1
            await asyncio.sleep(max(0.0, began + number / rate - loop.time()))
            said[0] += 1
            yield number

    return count


def measure(options: argparse.Namespace) -> None:
    from django.core.management import call_command
    from django.utils import timezone

    from boards import boards
    from streams import produced, store
    from streams.models import Sample, Stream
    from streams.producers.registry import Producer
    from streams.producing.worker import Worker
    from streams.retention import pruning
    from streams.values import Kind

    call_command("migrate", verbosity=0)
    said = [0]
    producers = {
        slug: Producer(
            slug=slug, function=counting(options.rate, said), every=None, cron="", kind=Kind.NUMBER, label="", unit="",
            stale_after=5.0, raw_for=timedelta(days=1), retention=timedelta(days=30), patience=30.0,
        )
        for slug in (f"count-{number}" for number in range(options.streams))
    }  # fmt: skip
    for pk in produced.ensure_produced(producers.values()).values():
        boards.show_on_board(Stream.objects.get(pk=pk), "all")

    batches: list[tuple[int, float]] = []
    delays: list[float] = []
    record = store.record

    def timed(readings: Any) -> Any:
        began = time.perf_counter()
        recorded = record(readings)
        batches.append((len(readings), time.perf_counter() - began))
        now = timezone.now()
        delays.extend((now - reading.at).total_seconds() for reading in readings)
        return recorded

    vars(store)["record"] = timed
    over = threading.Event()
    reads: list[float] = []

    def read() -> None:
        while not over.wait(1):
            began = time.perf_counter()
            boards.board_snapshot("all")
            reads.append(time.perf_counter() - began)

    async def work() -> None:
        working = asyncio.create_task(Worker(producers).run())
        await asyncio.wait({working}, timeout=options.seconds)
        working.cancel()
        await asyncio.wait({working})  # it still writes what waits

    reader = threading.Thread(target=read)
    reader.start()
    before = resource.getrusage(resource.RUSAGE_SELF)
    began = time.monotonic()
    asyncio.run(work())
    seconds = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_SELF)
    over.set()
    reader.join()

    stored = Sample.objects.count()
    delays.sort()
    took = sorted(each for _, each in batches)
    cpu = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / seconds
    size = sum(path.stat().st_size for path in Path(os.environ["SWITCHBOARD_VAR"]).glob("switchboard.sqlite3*"))
    print(f"{options.streams} streams, {options.rate:g} values a second each, for {seconds:.1f} s")
    print(f"  said {said[0]:,}, stored {stored:,} ({stored / seconds:,.0f}/s), not stored {said[0] - stored:,}")
    print(f"  from producer to commit: p50 {percentile(delays, 0.5) * 1000:.0f} ms,"
          f" p99 {percentile(delays, 0.99) * 1000:.0f} ms, worst {delays[-1] * 1000:.0f} ms")  # fmt: skip
    print(f"  {len(batches):,} transactions of {sum(number for number, _ in batches) / len(batches):.0f} values,"
          f" p50 {percentile(took, 0.5) * 1000:.0f} ms, p99 {percentile(took, 0.99) * 1000:.0f} ms")  # fmt: skip
    if reads:
        print(f"  a snapshot of the board meanwhile: {sorted(reads)[len(reads) // 2] * 1000:.0f} ms (median)")
    print(f"  {cpu * 100:.0f} % of one core, {size / stored:.0f} bytes a sample on disk")

    Stream.objects.update(raw_for=timedelta())
    Sample.objects.update(at=timezone.now() - timedelta(hours=1))
    began = time.monotonic()
    deleted = pruning.prune()
    print(f"  thinned {deleted:,} away in {time.monotonic() - began:.1f} s")


def main() -> None:
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="switchboard-samples-") as folder:
        for name in ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "ALLOWED_HOSTS"):
            os.environ.pop(name, None)
        os.environ |= {"SWITCHBOARD_VAR": folder, "DJANGO_SETTINGS_MODULE": "config.settings", "LOG_LEVEL": "WARNING"}
        import django

        django.setup()
        measure(options)


if __name__ == "__main__":
    main()
