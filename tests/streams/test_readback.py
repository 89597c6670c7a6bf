import json

import pytest

from streams import store
from streams.readback import StreamSource
from tests.streams_and_boards import in_thread, produced_stream, reading

pytestmark = pytest.mark.django_db(transaction=True)


async def test_heads_are_the_seqs_of_the_streams_that_are_there() -> None:
    cpu = await in_thread(produced_stream)
    await in_thread(store.record, [reading(cpu, 1)])
    assert await StreamSource().heads(["stream.cpu", "stream.gone"]) == {"stream.cpu": 1}


async def test_what_changed_is_read_back_as_it_would_have_come() -> None:
    cpu = await in_thread(produced_stream)
    for value in (1, 2, 3):
        recorded = await in_thread(store.record, [reading(cpu, value)])
    readback = await StreamSource().read("stream.cpu", 1)
    assert readback.head == 3
    assert readback.publications == recorded.publications
    assert (await StreamSource().read("stream.cpu", 3)).publications == []


async def test_a_tables_rows_are_read_back_by_key() -> None:
    prices = await in_thread(produced_stream, "prices", kind="table")
    await in_thread(store.record, [reading(prices, {"A": {"bid": 1}})])
    await in_thread(store.record, [reading(prices, {"B": {"bid": 2}, "A": None})])
    readback = await StreamSource().read("stream.prices", 0)
    rows = [json.loads(item.text)["streams"]["prices"]["rows"] for item in readback.publications]
    assert rows == [{"A": None}, {"B": {"bid": 2}}]


async def test_a_stream_that_is_gone_has_nothing_more() -> None:
    readback = await StreamSource().read("stream.gone", 5)
    assert (readback.head, readback.publications) == (5, [])
