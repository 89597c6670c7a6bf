import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError

from harness.client import eventually
from realtime.delivery.publish import Publication
from streams import store
from streams.models import Sample, Stream
from streams.producing.writer import Writer
from tests.streams_and_boards import in_thread, produced_stream, reading

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def writer(published: list[Publication]) -> AsyncIterator[Writer]:
    made = Writer()
    task = asyncio.create_task(made.run())
    yield made
    task.cancel()
    await made.end()


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the batches that were stored."""
    sizes: list[int] = []
    record = store.record

    def note(readings: Any) -> Any:
        readings = list(readings)
        sizes.append(len(readings))
        return record(readings)

    monkeypatch.setattr(store, "record", note)
    return sizes


async def test_what_is_put_is_stored_then_published(writer: Writer, published: list[Publication]) -> None:
    cpu = await in_thread(produced_stream)
    await writer.put(reading(cpu, 41))
    await eventually(lambda: published)
    assert published[0].number == 1
    assert await Sample.objects.acount() == 1


async def test_what_comes_while_a_batch_is_written_is_the_next_batch(
    writer: Writer, published: list[Publication], batches: list[int]
) -> None:
    cpu = await in_thread(produced_stream)
    for value in range(200):
        await writer.put(reading(cpu, value, at=value))
    await eventually(lambda: sum(batches) == 200)
    assert len(batches) < 10
    await eventually(lambda: published and published[-1].number == len(batches))


async def test_a_database_that_is_away_loses_nothing(
    writer: Writer, published: list[Publication], monkeypatch: pytest.MonkeyPatch
) -> None:
    cpu = await in_thread(produced_stream)
    record: Callable[..., Any] = store.record
    calls: list[int] = []

    def fail_twice(readings: Any) -> Any:
        calls.append(1)
        if len(calls) < 3:
            raise OperationalError("away")
        return record(readings)

    monkeypatch.setattr(store, "record", fail_twice)
    await writer.put(reading(cpu, 41))
    await eventually(lambda: published)
    assert await Sample.objects.acount() == 1


async def test_a_value_that_cannot_be_stored_takes_no_other_stream_with_it(
    writer: Writer, published: list[Publication], monkeypatch: pytest.MonkeyPatch
) -> None:
    cpu, bad = await in_thread(produced_stream, "cpu"), await in_thread(produced_stream, "bad")
    record: Callable[..., Any] = store.record

    def refuse_bad(readings: Any) -> Any:
        if any(each.stream == bad.pk for each in readings):
            raise ValueError("no such thing")
        return record(readings)

    monkeypatch.setattr(store, "record", refuse_bad)
    await asyncio.gather(writer.put(reading(bad, 1)), writer.put(reading(cpu, 41)))
    await eventually(lambda: published)
    assert [publication.topic for publication in published] == ["stream.cpu"]


async def test_streams_whose_lease_is_anothers_are_named(writer: Writer) -> None:
    cpu = await in_thread(produced_stream)
    await in_thread(Stream.objects.filter(pk=cpu.pk).update, fence=2)
    await writer.put(reading(cpu, 41, token=1))
    await eventually(lambda: writer.lost)
    assert writer.lost == {(cpu.pk, 1)}


async def test_a_wire_that_hangs_holds_up_no_write_and_gets_the_newest_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cpu, prices = await in_thread(produced_stream), await in_thread(produced_stream, "prices", kind="table")
    heard: list[tuple[str, int, str]] = []
    wire = asyncio.Event()

    async def hang(publications: Any) -> bool:
        await wire.wait()
        heard.extend((item.topic, item.number, item.key) for item in publications)
        return True

    monkeypatch.setattr("streams.producing.writer.publish", hang)
    writer = Writer()
    task = asyncio.create_task(writer.run())
    for number in range(1, 6):
        await writer.put(reading(cpu, number, at=number))
        await writer.put(reading(prices, {f"row {number % 2}": {"bid": number}}, at=number))
        await eventually(partial(_both_have, number))
    wire.set()
    await eventually(lambda: len(heard) == 2 + 3)
    newest = {("stream.cpu", 5, ""), ("stream.prices", 4, "row.row 0"), ("stream.prices", 5, "row.row 1")}
    assert set(heard[2:]) == newest
    task.cancel()
    await writer.end()


async def _both_have(seq: int) -> bool:
    return await Stream.objects.filter(seq=seq).acount() == 2


async def test_one_who_has_to_wait_for_room_is_taken_all_the_same(
    published: list[Publication], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.producing.writer.WAITING", 2)
    cpu = await in_thread(produced_stream)
    writer = Writer()
    await writer.put(reading(cpu, 1, at=1))
    waiting = asyncio.create_task(writer.put(reading(cpu, 2, at=2)))
    await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await writer.end()
    assert [value async for value in Sample.objects.order_by("at").values_list("value", flat=True)] == [1, 2]


async def test_the_end_waits_for_what_is_being_published(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = await in_thread(produced_stream)
    started, wire = asyncio.Event(), asyncio.Event()
    heard: list[int] = []

    async def hang(publications: Any) -> None:
        started.set()
        await wire.wait()
        heard.extend(item.number for item in publications)

    monkeypatch.setattr("streams.producing.writer.publish", hang)
    writer = Writer()
    task = asyncio.create_task(writer.run())
    await writer.put(reading(cpu, 41))
    await started.wait()
    task.cancel()
    ending = asyncio.create_task(writer.end())
    await asyncio.wait({task})
    wire.set()
    await ending
    assert heard == [1]


async def test_the_end_writes_what_is_waiting(published: list[Publication]) -> None:
    cpu = await in_thread(produced_stream)
    writer = Writer()
    await writer.put(reading(cpu, 41))
    await writer.end()
    assert [publication.topic for publication in published] == ["stream.cpu"]
