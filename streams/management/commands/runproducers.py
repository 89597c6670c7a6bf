"""`runproducers`: the worker as a process of its own."""

import asyncio
import contextlib
import json
import signal
from argparse import ArgumentParser
from collections.abc import Coroutine, Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from realtime.background import layer_is_embedded
from realtime.storage import postgresql
from realtime.storage.database import throw_pool_away
from streams.producers import Producer, all_producers
from streams.producing.running import run
from streams.producing.worker import Worker
from streams.sources.configured import configured_producers
from streams.threads import ThreadsOnDemand
from streams.values import Reading


class Command(BaseCommand):
    help = "Run the producers until SIGTERM. Several may run: one produces, the others stand by."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--only", action="append", metavar="SLUG", help="run this producer (may be repeated)")
        parser.add_argument("--dry-run", action="store_true", help="print what producers say, store nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        only = options["only"]
        producers = self._chosen(only)
        if options["dry_run"]:
            self._until_stopped(self._print_all(producers))
            return
        if layer_is_embedded():
            raise CommandError(
                "REDIS_URL is not set, so no server could hear this worker. Set it, or run no worker: "
                "without Redis the server process runs the producers itself."
            )
        postgresql.limit(throw_pool_away)
        self.stdout.write(f"{len(producers)} producers run (stop them with Ctrl-C)")
        self.stdout.flush()
        worker = Worker(producers, dict) if only else Worker(all_producers())
        self._until_stopped(worker.run())

    @staticmethod
    def _chosen(only: list[str] | None) -> Mapping[str, Producer]:
        producers = {**configured_producers(), **all_producers()}
        unknown = set(only or []) - producers.keys()
        if unknown:
            raise CommandError(f"There is no producer {', '.join(sorted(unknown))}. There are: {', '.join(producers)}.")
        return {slug: producers[slug] for slug in only} if only else producers

    @staticmethod
    def _until_stopped(work: Coroutine[Any, Any, None]) -> None:
        async def main() -> None:
            task = asyncio.ensure_future(work)
            for number in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, task.cancel)
            with contextlib.suppress(asyncio.CancelledError):
                await task

        asyncio.run(main())

    async def _print_all(self, producers: Mapping[str, Producer]) -> None:
        threads = ThreadsOnDemand("producer")
        async with asyncio.TaskGroup() as group:
            for producer in producers.values():
                group.create_task(run(producer, None, self._printer(producer), threads))

    def _printer(self, producer: Producer) -> Any:
        async def say(reading: Reading) -> None:
            if reading.error:
                self.stdout.write(f"{reading.at:%H:%M:%S} {producer.slug} fails: {reading.error}")
            elif reading.value is not None:
                value = json.dumps(reading.value, ensure_ascii=False)
                self.stdout.write(f"{reading.at:%H:%M:%S} {producer.slug}: {value} {producer.unit}".rstrip())
            self.stdout.flush()

        return say
