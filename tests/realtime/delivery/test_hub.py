"""The hub, with a layer that works, and with one that loses, fails, hangs and forgets."""

import asyncio

import pytest

from harness.client import eventually
from realtime.delivery import hub as module
from realtime.delivery.hub import Hub, current_hub
from realtime.delivery.publish import GROUP, Delivery, Publication, publish
from realtime.delivery.topics import TAIL
from realtime.wire.protocol import Close
from tests.realtime.fakes import Reader, ShakyLayer, Store, assert_numbers, numbers, parts, seat, settle

LOG = "log.1"
VALUE = "value.1"


def typing(topic: str, text: str = "typing") -> Publication:
    return Publication(topic, Delivery.EPHEMERAL, text)


# A wire that works


async def test_what_is_published_reaches_every_subscriber(hub: Hub, logs: Store) -> None:
    readers = [await seat(hub, LOG) for _ in range(3)]
    other = await seat(hub, "log.2")
    await publish([logs.post(LOG), logs.post(LOG)])
    for reader in readers:
        await assert_numbers(reader, 1, 2)
    assert other.texts == []
    assert logs.reads == 0


async def test_a_topic_without_a_store_starts_at_once(hub: Hub) -> None:
    reader = Reader()
    await hub.subscribe("site.news", reader)
    await publish([typing("site.news"), Publication("site.news", Delivery.CONTROL, '{"do":"x"}')])
    await eventually(lambda: reader.controls)
    assert reader.texts == ["typing"]
    assert reader.controls == [("site.news", '{"do":"x"}')]


async def test_typing_and_control_travel_on_numbered_topics_too(hub: Hub, logs: Store) -> None:
    live, held = await seat(hub, LOG), Reader()
    await hub.subscribe(LOG, held)
    await publish([typing(LOG), Publication(LOG, Delivery.CONTROL, "{}")])
    await eventually(lambda: held.controls and live.controls)
    assert (live.texts, held.texts) == (["typing"], [])


async def test_one_group_brings_all_topics(hub: Hub, layer: ShakyLayer, logs: Store) -> None:
    readers = [await seat(hub, topic) for topic in (LOG, LOG, "log.2")]
    assert layer.count("group_add", GROUP) == 1
    await publish([logs.post(LOG), logs.post("log.2"), logs.post("log.3")])
    for reader in readers:
        await assert_numbers(reader, 1)


async def test_a_topic_that_everybody_left_is_forgotten(hub: Hub, logs: Store) -> None:
    readers = [await seat(hub, LOG) for _ in range(2)]
    await hub.unsubscribe(LOG, readers[0])
    assert LOG in hub.topics
    hub.forget(readers[1])
    assert LOG not in hub.topics


async def test_what_came_before_one_left_arrives_and_nothing_after(hub: Hub, logs: Store) -> None:
    leaving, staying = await seat(hub, LOG), await seat(hub, LOG)
    hub.receive([logs.post(LOG)])
    await hub.unsubscribe(LOG, leaving)
    hub.receive([logs.post(LOG), typing(LOG)])
    await eventually(lambda: len(staying.texts) == 3)
    await assert_numbers(leaving, 1)


async def test_who_left_does_not_get_the_values_that_waited_for_it(hub: Hub, values: Store) -> None:
    reader = await seat(hub, VALUE)
    reader.fake_wire.stalled = True
    reader.send_text("x" * 100_000)
    reader.texts.clear()
    hub.receive(values.change(VALUE, "a"))
    await hub.unsubscribe(VALUE, reader)
    reader.fake_wire.drain()
    assert reader.texts == []


async def test_a_snapshot_is_followed_by_what_is_newer(hub: Hub, values: Store) -> None:
    reader = Reader()
    await hub.subscribe(VALUE, reader)
    await publish(values.change(VALUE, "a"))
    snapshot = values.heads_of[VALUE]
    await publish(values.change(VALUE, "b"))
    await eventually(lambda: hub.topics[VALUE].behind(2) is None)
    assert reader.texts == []
    await hub.release(VALUE, reader, snapshot)
    await publish(values.change(VALUE, "a"))
    await eventually(lambda: len(reader.texts) == 2)
    assert parts(reader.texts) == [(2, "b"), (3, "a")]


async def test_many_who_resume_cost_no_query(hub: Hub, logs: Store) -> None:
    first = await seat(hub, LOG)
    await publish([logs.post(LOG) for _ in range(TAIL)])
    await assert_numbers(first, *range(1, TAIL + 1))
    for after in range(0, TAIL, 7):
        reader = await seat(hub, LOG, after)
        assert numbers(reader) == list(range(after + 1, TAIL + 1))
    assert logs.reads == 0


async def test_who_resumes_from_long_ago_reads_the_store_page_by_page(hub: Hub, logs: Store) -> None:
    await seat(hub, LOG)
    hub.receive([logs.post(LOG) for _ in range(TAIL + 50)])
    logs.page = 20
    reader = await seat(hub, LOG, 5)
    await publish([logs.post(LOG)])
    await assert_numbers(reader, *range(6, TAIL + 52))
    assert 0 < logs.reads <= 3


async def test_a_client_that_has_more_than_the_store_is_sent_back(hub: Hub, logs: Store) -> None:
    await seat(hub, LOG, 600)
    hub.receive([Publication(LOG, Delivery.LOG, "[0]", number) for number in range(601, 602 + TAIL)])
    logs.heads_of[LOG] = 3  # restored from a backup, perhaps
    reader = Reader()
    await hub.subscribe(LOG, reader)
    async with asyncio.timeout(5):
        await hub.release(LOG, reader, 5)
    assert reader.close_codes == [Close.RESYNC]


async def test_hubs_belong_to_their_event_loop() -> None:
    assert current_hub() is current_hub()
    assert await asyncio.to_thread(lambda: asyncio.run(_hub_of_another_loop())) is not current_hub()


async def _hub_of_another_loop() -> Hub:
    return current_hub()


# A wire that reorders and loses


async def test_an_inversion_heals_by_itself(hub: Hub, logs: Store) -> None:
    reader = await seat(hub, LOG)
    one, two, three = (logs.post(LOG) for _ in range(3))
    await publish([two])
    await publish([three])
    await publish([one])
    await assert_numbers(reader, 1, 2, 3)
    assert hub.healing
    await eventually(lambda: not hub.healing)
    assert (logs.reads, hub.heals) == (0, 0)


async def test_a_gap_is_read_back_once_for_all(hub: Hub, logs: Store) -> None:
    readers = [await seat(hub, LOG) for _ in range(5)]
    lost = [logs.post(LOG) for _ in range(10)]
    assert lost
    await publish([logs.post(LOG) for _ in range(10)])
    for reader in readers:
        await assert_numbers(reader, *range(1, 21))
    assert (logs.reads, hub.heals) == (1, 1)


async def test_a_gap_longer_than_a_page_is_read_to_its_end(hub: Hub, logs: Store) -> None:
    reader = await seat(hub, LOG)
    for _ in range(25):
        logs.post(LOG)
    logs.page = 10
    await publish([logs.post(LOG)])
    await assert_numbers(reader, *range(1, 27))


async def test_the_newest_value_arrives_after_a_loss(hub: Hub, values: Store) -> None:
    reader = await seat(hub, VALUE)
    values.change(VALUE, "a")
    values.change(VALUE, "b")
    await publish(values.change(VALUE, "a"))
    await eventually(lambda: (2, "b") in parts(reader.texts))
    assert parts(reader.texts) == [(3, "a"), (2, "b")]


async def test_a_lost_last_message_is_found_by_comparison(
    hub: Hub, logs: Store, values: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHECK_EVERY", 0.1)
    log, value = await seat(hub, LOG), await seat(hub, VALUE)
    await publish([logs.post(LOG), *values.change(VALUE, "a")])
    await assert_numbers(log, 1)
    logs.post(LOG)
    values.change(VALUE, "b")
    await assert_numbers(log, 1, 2)
    await assert_numbers(value, 1, 2)
    assert not hub.sick


async def test_what_was_lost_before_the_layer_listened_comes_soon(hub: Hub, logs: Store, values: Store) -> None:
    """The layer confirms a subscription before it works, and nothing else is published here."""
    log, value = await seat(hub, LOG), await seat(hub, VALUE)
    logs.post(LOG)
    values.change(VALUE, "a")
    await assert_numbers(log, 1)
    await assert_numbers(value, 1)


async def test_topics_that_are_new_together_are_compared_together(
    hub: Hub, logs: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHECK_NEW", 0.5)
    readers = [await seat(hub, f"log.{number}") for number in range(50)]
    for number in range(50):
        logs.post(f"log.{number}")
    await assert_numbers(readers[49], 1)
    await eventually(lambda: all(reader.texts for reader in readers))
    assert logs.comparisons == 1


async def test_nothing_falls_between_a_snapshot_and_the_first_message_heard(
    hub: Hub, logs: Store, values: Store
) -> None:
    """The page ended at 1; 2 was lost, and 3 came before the page was sent."""
    for topic, store in ((LOG, logs), (VALUE, values)):
        store.change(topic, "one")
        reader = Reader()
        await hub.subscribe(topic, reader)
        store.change(topic, "two")
        await publish(store.change(topic, "three"))
        await eventually(lambda topic=topic: hub.topics[topic].behind(3) is None)  # type: ignore[misc]
        await hub.release(topic, reader, 1)
        assert sorted(set(numbers(reader))) == [2, 3]


async def test_many_topics_heal_side_by_side(hub: Hub, logs: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GAP_PATIENCE", 0.2)
    readers = {f"log.{number}": await seat(hub, f"log.{number}") for number in range(100)}
    for topic in readers:
        logs.post(topic)
    async with asyncio.timeout(10):  # one after the other would take 20 s
        await hub.check(readers)
    await settle()
    assert all(numbers(reader) == [1] for reader in readers.values())


async def test_a_store_that_is_away_is_asked_again(hub: Hub, logs: Store, caplog: pytest.LogCaptureFixture) -> None:
    reader = await seat(hub, LOG)
    logs.broken = True
    logs.post(LOG)
    await publish([logs.post(LOG)])
    await eventually(lambda: "Reading log.1 back" in caplog.text)
    await hub.check([LOG])
    assert "Comparing log topics" in caplog.text
    logs.broken = False
    await hub.check([LOG])
    await assert_numbers(reader, 1, 2)


async def test_one_store_away_keeps_no_other_from_being_compared(hub: Hub, logs: Store, values: Store) -> None:
    await seat(hub, LOG)
    reader = await seat(hub, VALUE)
    logs.broken = True
    values.change(VALUE, "a")
    await hub.check([LOG, VALUE])
    await assert_numbers(reader, 1)


async def test_a_topic_that_is_gone_from_the_store_is_left_alone(hub: Hub, logs: Store) -> None:
    await seat(hub, LOG)
    logs.heads_of.clear()
    await hub.check([LOG, "log.unknown", "nobody.knows"])
    assert hub.heals == 0


# Connections that leave at the wrong moment


async def test_a_connection_that_left_is_not_brought_back_by_its_release(hub: Hub, logs: Store, values: Store) -> None:
    for topic, store in ((LOG, logs), (VALUE, values)):
        other, reader = await seat(hub, topic), Reader()
        await hub.subscribe(topic, reader)
        await hub.unsubscribe(topic, reader)
        await hub.release(topic, reader, 0)
        await publish(store.change(topic, "x"))
        await assert_numbers(other, 1)
        assert reader.texts == []
        assert reader not in hub.topics[topic].connections()


async def test_a_replay_is_not_sent_to_a_connection_that_left_meanwhile(hub: Hub, logs: Store) -> None:
    await seat(hub, LOG)
    hub.receive([logs.post(LOG) for _ in range(TAIL + 5)])
    reader = Reader()
    await hub.subscribe(LOG, reader)
    logs.slow = True
    releasing = asyncio.create_task(hub.release(LOG, reader, 0))
    await eventually(lambda: logs.reads)
    await hub.unsubscribe(LOG, reader)
    logs.let_go()
    await releasing
    assert reader.texts == []


async def test_a_closed_connection_subscribes_to_nothing(hub: Hub) -> None:
    reader = Reader()
    await reader.close(1000)
    await hub.subscribe("site.news", reader)
    assert (hub.topics, reader.topics) == ({}, {})


async def test_to_subscribe_again_is_to_wait_again(hub: Hub, logs: Store) -> None:
    reader = await seat(hub, LOG)
    await publish([logs.post(LOG)])
    await assert_numbers(reader, 1)
    await hub.subscribe(LOG, reader)
    await publish([logs.post(LOG)])
    await eventually(lambda: hub.topics[LOG].behind(2) is None)
    assert numbers(reader) == [1]
    await hub.release(LOG, reader, 1)
    await assert_numbers(reader, 1, 2)


@pytest.mark.parametrize("topic", [LOG, VALUE])
async def test_who_comes_and_has_more_shows_what_the_others_missed(
    hub: Hub, logs: Store, values: Store, topic: str
) -> None:
    reader = await seat(hub, topic)
    await eventually(lambda: logs.comparisons + values.comparisons == 1)  # of the new topic
    if topic == LOG:
        logs.post(topic)
    else:
        values.change(topic, "a")
    await seat(hub, topic, after=1)
    await assert_numbers(reader, 1)
    assert logs.comparisons + values.comparisons == 1


async def test_a_closed_hub_leaves_no_task(layer: ShakyLayer, quick: None, logs: Store) -> None:
    before = asyncio.all_tasks()
    hub = Hub()
    await seat(hub, LOG)
    started = asyncio.all_tasks() - before
    assert len(started) >= 3
    await hub.close()
    assert all(task.done() for task in started)


async def test_a_task_that_fails_is_logged(hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise RuntimeError("oh no")

    hub.later(fail())
    await settle()
    assert "A task of the hub failed" in caplog.text
    assert "oh no" in caplog.text
