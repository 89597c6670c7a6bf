"""When the hub writes: which flush waits for what, and how long."""

import pytest

from harness.client import eventually
from realtime.delivery import hub as module
from realtime.delivery.hub import Hub
from tests.realtime.fakes import Reader, Store, assert_numbers, numbers, parts, seat, settle

LOG = "log.1"
VALUE = "value.1"


async def test_a_costly_flush_waits_for_what_is_coming_and_takes_both(
    hub: Hub, logs: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = await seat(hub, LOG)
    hub.topics[LOG].cost = 60.0
    monkeypatch.setattr(module, "LONGEST_WAIT", 60.0)
    logs.coming = True
    hub.receive([logs.post(LOG)])
    await settle()
    assert reader.texts == []
    logs.coming = False
    hub.receive([logs.post(LOG)])
    await assert_numbers(reader, 1, 2)
    assert reader.fake_wire.writes == 1


@pytest.mark.parametrize("cost", [2 * module.COSTLY, 60.0])
async def test_it_waits_no_longer_than_a_flush_takes_and_never_long(hub: Hub, logs: Store, cost: float) -> None:
    reader = await seat(hub, LOG)
    hub.topics[LOG].cost = cost
    logs.coming = True
    hub.receive([logs.post(LOG)])
    await assert_numbers(reader, 1)


async def test_a_cheap_flush_waits_for_nothing(hub: Hub, logs: Store) -> None:
    reader = await seat(hub, LOG)
    logs.coming = True
    hub.receive([logs.post(LOG)])
    await settle()
    assert numbers(reader) == [1]


async def test_who_leaves_gets_what_waited_and_an_empty_topic_waits_for_nothing(hub: Hub, logs: Store) -> None:
    reader = await seat(hub, LOG)
    hub.topics[LOG].cost = 60.0
    logs.coming = True
    hub.receive([logs.post(LOG)])
    await settle()
    await hub.unsubscribe(LOG, reader)
    await assert_numbers(reader, 1)
    assert not hub.waiting


async def test_values_rest_for_as_long_as_writing_them_took(
    hub: Hub, values: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = await seat(hub, VALUE)
    monkeypatch.setattr(module, "COSTLY", 0.0)
    monkeypatch.setattr(module, "LONGEST_WAIT", 0.1)
    monkeypatch.setattr("time.perf_counter", iter(range(100)).__next__)
    hub.receive(values.change(VALUE, "a"))
    await settle()
    assert parts(reader.texts) == [(1, "a")]
    hub.receive(values.change(VALUE, "a"))
    hub.receive(values.change(VALUE, "b"))
    await settle()
    assert parts(reader.texts) == [(1, "a")]
    await assert_numbers(reader, 1, 2, 3)
    assert reader.fake_wire.writes == 2


async def test_a_quiet_topic_is_written_before_a_busy_one(hub: Hub, logs: Store) -> None:
    reader = Reader()
    for topic in (LOG, "log.2"):
        await hub.subscribe(topic, reader)
        await hub.release(topic, reader, 0)
    hub.topics[LOG].cost = 0.02
    hub.receive([*logs.change(LOG, "busy"), *logs.change("log.2", "quiet")])
    await eventually(lambda: len(reader.texts) == 2)
    assert parts(reader.texts) == [(1, "quiet"), (1, "busy")]
