"""Two workers: when the producing one is killed or frozen, the other takes over, and only one produces at a time."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from harness.client import Client, eventually
from harness.cluster import Cluster
from harness.servers import Worker

#: Seconds within which another worker must produce.
TAKEOVER = 10.0


def database(cluster: Cluster) -> psycopg.Connection[Any]:
    return psycopg.connect(cluster.worker.settings["DATABASE_URL"], autocommit=True)


def producing(cluster: Cluster, workers: list[Worker]) -> Worker | None:
    """Return the worker that holds the lease of the counter now."""
    query = (
        "SELECT holder FROM streams_producerlease JOIN streams_stream ON id = stream_id"
        " WHERE slug = 'counter' AND expires_at > now()"
    )
    with database(cluster) as connection:
        row = connection.execute(query).fetchone()
    pid = int(row[0].split(":")[1]) if row and row[0] else 0
    return next((worker for worker in workers if worker.process and worker.process.pid == pid), None)


class Watcher:
    """A viewer of the counter that records (monotonic time, seq, value)."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.told: list[tuple[float, int, int]] = []

    async def watch(self) -> None:
        await self.client.connect("/ws/boards/counter/")
        while True:
            stream = (await self.client.assert_event("update", seconds=60))["streams"].get("counter")
            if stream and stream["state"] == "ok":
                self.told.append((time.monotonic(), stream["seq"], stream["value"]))

    def assert_in_order(self) -> None:
        """Assert that each number comes once, and the counter never goes back, as it would if two workers counted."""
        numbers, values = [seq for _, seq, _ in self.told], [value for _, _, value in self.told]
        assert numbers == sorted(set(numbers))
        assert values == sorted(values)

    async def news(self, since: float) -> float:
        """Wait for a value told after `since`; return how many seconds later it came."""
        await eventually(lambda: self.told and self.told[-1][0] > since, seconds=30)
        return next(at for at, _, _ in self.told if at > since) - since


@pytest.fixture
async def watcher(cluster: Cluster) -> AsyncIterator[Watcher]:
    async with await Client.guest(cluster.nginx.address, "Watcher", cluster.nginx.tls) as client:
        made = Watcher(client)
        task = asyncio.create_task(made.watch())
        yield made
        task.cancel()


def stored_values(cluster: Cluster, since: int) -> list[int]:
    query = (
        "SELECT streams_sample.value FROM streams_sample JOIN streams_stream ON streams_stream.id = stream_id"
        " WHERE slug = 'counter' AND streams_sample.id > %s ORDER BY streams_sample.id"
    )
    with database(cluster) as connection:
        return [value for (value,) in connection.execute(query, [since])]


def newest_sample(cluster: Cluster) -> int:
    with database(cluster) as connection:
        row = connection.execute("SELECT max(id) FROM streams_sample").fetchone()
    return int(row[0]) if row else 0


async def test_another_worker_takes_over_from_one_that_is_killed(
    cluster: Cluster, workers: list[Worker], watcher: Watcher
) -> None:
    await eventually(lambda: watcher.told)
    victim = await eventually(lambda: producing(cluster, workers))
    before = newest_sample(cluster)
    killed = time.monotonic()
    victim.kill()
    gap = await watcher.news(since=killed + 0.5)  # what it had published may still be on its way
    assert gap + 0.5 < TAKEOVER
    heir = await eventually(lambda: producing(cluster, workers))
    assert heir is not victim
    await watcher.news(since=time.monotonic())
    watcher.assert_in_order()
    values = stored_values(cluster, before)
    assert values == sorted(set(values))


async def test_nothing_of_a_deposed_worker_is_heard_when_it_wakes_up(
    cluster: Cluster, workers: list[Worker], watcher: Watcher
) -> None:
    await eventually(lambda: watcher.told)
    frozen = await eventually(lambda: producing(cluster, workers))
    before = newest_sample(cluster)
    stopped = time.monotonic()
    frozen.signal(signal.SIGSTOP)
    try:
        gap = await watcher.news(since=stopped + 0.5)
        assert gap + 0.5 < TAKEOVER
    finally:
        frozen.signal(signal.SIGCONT)
    for _ in range(6):  # it wakes up in the middle of a count, and the other counts on
        await watcher.news(since=time.monotonic())
    assert await eventually(lambda: producing(cluster, workers)) is not frozen
    watcher.assert_in_order()
    values = stored_values(cluster, before)
    assert values == sorted(set(values))
