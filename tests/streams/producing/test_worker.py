import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from harness.client import eventually
from realtime.delivery.publish import Publication
from streams import leases, store
from streams.models import ProducerLease, Sample, SqlSource, State, Stream
from streams.producers.registry import Producer, producer
from streams.producing import worker
from streams.producing.worker import Worker
from streams.sources import configured
from streams.values import Kind
from tests.streams_and_boards import START, in_thread, produced_stream, reading

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "RENEW", 0.05)


@pytest.fixture
def counting(no_producers: dict[str, Producer]) -> dict[str, Producer]:
    @producer("count")
    async def count(last: Any) -> AsyncIterator[int]:
        value = last or 0
        while True:
            value += 1
            yield value
            await asyncio.sleep(0.01)

    return no_producers


@asynccontextmanager
async def working(producers: dict[str, Producer]) -> AsyncIterator[Worker]:
    made = Worker(producers)
    task = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def count() -> Stream:
    return await Stream.objects.aget(slug="count")


def numbers(published: list[Publication]) -> list[int]:
    return [publication.number for publication in published if publication.topic == "stream.count"]


def assert_in_order(found: list[int]) -> None:
    """Each at most once: values written while another publication is sent are merged into the next."""
    assert found == sorted(set(found))


def says(published: list[Publication]) -> list[dict[str, Any]]:
    return [json.loads(publication.text)["streams"]["count"] for publication in published]


def counts(said: Iterable[dict[str, Any]]) -> list[int]:
    """Return each value once: the news that the producer runs repeats the last one."""
    return list({change["at"]: change["value"] for change in said if change["at"]}.values())


async def test_the_worker_makes_streams_runs_producers_stores_and_publishes(
    counting: dict[str, Producer], published: list[Publication]
) -> None:
    async with working(counting):
        await eventually(lambda: len(published) >= 3)
    stream = await count()
    assert stream.state == State.OK
    assert_in_order(numbers(published))
    assert numbers(published)[-1] == stream.seq
    assert says(published)[-1]["value"] == stream.value


async def test_the_next_worker_goes_on_with_value_and_seq(
    counting: dict[str, Producer], published: list[Publication]
) -> None:
    async with working(counting):
        await eventually(lambda: len(published) >= 3)
    before = await count()
    async with working(counting):
        await eventually(lambda: len(published) >= 2 * before.seq + 3)
    values = counts(says(published))
    assert values == sorted(values)
    assert_in_order(numbers(published))


async def test_a_producer_of_another_kind_is_told_on_its_stream(
    counting: dict[str, Producer], published: list[Publication]
) -> None:
    async with working(counting):
        await eventually(lambda: len(published) >= 3)
    before = await count()

    async def spell() -> AsyncIterator[str]:
        yield "four"

    async with working({"count": replace(counting["count"], kind=Kind.TEXT, function=spell)}):
        await eventually(lambda: says(published)[-1]["state"] == "error")
    after = await count()
    assert after.error.startswith("The stream has values of the kind number, its producer gives text")
    assert (after.kind, after.value, after.state) == ("number", before.value, State.ERROR)


async def test_of_two_workers_one_produces_and_the_other_takes_over(
    counting: dict[str, Producer], published: list[Publication]
) -> None:
    async with working(counting) as second_to_none:
        await eventually(lambda: len(published) >= 2)
        async with working(counting):
            seen = len(published)
            await eventually(lambda: len(published) > seen + 2)
            lease = await ProducerLease.objects.aget()
            assert lease.holder == second_to_none.holder
            # The first loses its lease, as one that was asleep for too long does.
            await in_thread(ProducerLease.objects.update, holder="", expires_at=START)
            await eventually(_held_by_another(lease.token))
            seen = len(published)
            await eventually(lambda: len(published) > seen + 3)
    assert_in_order(numbers(published))
    values = counts(change for change in says(published) if change["state"] == "ok")
    assert values == sorted(set(values))


def _held_by_another(token: int) -> Callable[[], Any]:
    async def check() -> bool:
        return bool(await ProducerLease.objects.filter(token__gt=token).exclude(holder="").aexists())

    return check


async def test_at_its_end_it_gives_the_leases_up(counting: dict[str, Producer], published: list[Publication]) -> None:
    async with working(counting):
        await eventually(lambda: published)
    assert (await ProducerLease.objects.aget()).holder == ""
    (publication,) = await in_thread(leases.mark_orphans)
    assert json.loads(publication.text)["streams"]["count"]["state"] == "unknown"


async def test_what_is_said_while_it_ends_is_stored_and_published(
    no_producers: dict[str, Producer], published: list[Publication]
) -> None:
    go_on = threading.Event()

    @producer("count")
    async def count() -> AsyncIterator[int]:
        yield 1
        go_on.wait(10)
        yield 2

    async with working(no_producers):
        await eventually(lambda: 1 in counts(says(published)))
        asyncio.get_running_loop().call_later(0.1, go_on.set)  # when it has been told to end
    assert [value async for value in Sample.objects.order_by("at").values_list("value", flat=True)] == [1, 2]
    assert counts(says(published)) == [1, 2]


async def test_a_slow_producer_holds_up_no_other(
    no_producers: dict[str, Producer], published: list[Publication]
) -> None:
    release = asyncio.Event()
    loop = asyncio.get_running_loop()

    def wait() -> int:
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result(10)
        return 1

    producer("slow-1", every=0.01)(wait)
    producer("slow-2", every=0.01)(lambda: wait())
    producer("quick", every=0.01)(lambda: 1)
    async with working(no_producers):
        await eventually(lambda: len(published) >= 3)
        assert {publication.topic for publication in published} == {"stream.quick"}
        release.set()


async def test_a_lease_that_cannot_be_renewed_for_once_is_tried_again(
    counting: dict[str, Producer], published: list[Publication], monkeypatch: pytest.MonkeyPatch
) -> None:
    hold: Callable[..., Any] = leases.hold
    calls: list[int] = []

    def fail_first(*args: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise OSError("away")
        return hold(*args)

    monkeypatch.setattr(leases, "hold", fail_first)
    async with working(counting):
        await eventually(lambda: published)


async def test_every_server_watches_for_streams_whose_worker_is_gone(published: list[Publication]) -> None:
    cpu = await in_thread(produced_stream)
    await in_thread(store.record, [reading(cpu, 41)])
    task = asyncio.create_task(worker.watch())
    await eventually(lambda: published)
    task.cancel()
    assert json.loads(published[0].text)["streams"]["cpu"]["state"] == "unknown"


async def test_sources_are_found_changed_and_dropped_while_it_works(
    no_producers: dict[str, Producer], published: list[Publication]
) -> None:
    def save(query: str) -> None:
        source = SqlSource.objects.filter(slug="seven").first() or SqlSource(slug="seven")
        source.connection, source.query, source.every = "default", query, 1.0
        configured.save_source(source)

    def values() -> list[Any]:
        changes = [json.loads(each.text)["streams"]["seven"] for each in published]
        return [change["error"] or change["value"] for change in changes]

    async with working(no_producers):
        await in_thread(save, "SELECT 7")
        await eventually(lambda: 7 in values())
        await in_thread(save, "SELECT nonsense")
        await eventually(lambda: "No such column: nonsense" in values())
        await in_thread(save, "SELECT 8")
        await eventually(lambda: 8 in values())
        await in_thread(lambda: configured.delete_source(SqlSource.objects.get()))
        assert (await Stream.objects.aget(slug="seven")).state == State.UNKNOWN
        assert not await ProducerLease.objects.aexists()
    assert (await Stream.objects.aget(slug="seven")).state == State.UNKNOWN
