"""The link to the layer, and a layer that fails, hangs, forgets, and is deaf."""

import asyncio
import time
from typing import Any

import pytest

from harness.client import eventually
from realtime.delivery.hub import Hub
from realtime.delivery.publish import GROUP, publish
from realtime.storage.database import condition
from tests.realtime.fakes import Reader, ShakyLayer, Store, assert_numbers, numbers, parts, seat, settle

LOG = "log.1"
VALUE = "value.1"


async def test_a_subscription_returns_though_the_layer_hangs(hub: Hub, layer: ShakyLayer, logs: Store) -> None:
    layer.hanging.add("group_add")
    async with asyncio.timeout(5):
        readers = [await seat(hub, f"log.{number}") for number in range(100)]  # only the first one waits
    assert hub.sick
    logs.post("log.7")
    await assert_numbers(readers[7], 1)  # the comparisons carry it
    layer.let_go()
    await eventually(lambda: not hub.sick)
    reads = logs.reads
    await publish([logs.post("log.7")])
    await assert_numbers(readers[7], 1, 2)
    assert logs.reads == reads


@pytest.mark.parametrize("method", ["new_channel", "receive", "group_add", "group_send"])
async def test_a_layer_that_fails_is_tried_again(hub: Hub, layer: ShakyLayer, logs: Store, method: str) -> None:
    layer.failing.add(method)
    reader = await seat(hub, LOG)
    await eventually(lambda: hub.sick)
    await publish([logs.post(LOG)])
    await assert_numbers(reader, 1)
    calls = len(layer.calls)
    await asyncio.sleep(0.1)
    assert len(layer.calls) - calls < 100  # tried again, not over and over
    layer.failing.clear()
    await eventually(lambda: not hub.sick)
    reads = logs.reads
    await publish([logs.post(LOG)])
    await assert_numbers(reader, 1, 2)
    assert logs.reads == reads


async def test_a_canary_tells_other_processes_when_the_database_has_answered(
    hub: Hub, layer: ShakyLayer, logs: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await seat(hub, LOG)
    await eventually(lambda: layer.count("group_send", GROUP) >= 1)
    assert hub.link.others_answered_at < 0, "its own says nothing of others"
    for unknown in ({"database": None}, {}):
        hub.link.read({"type": "hub.canary", "canary": "of another", **unknown})
        assert hub.link.others_answered_at < 0
    hub.link.read({"type": "hub.canary", "canary": "of another", "database": 3.0})
    assert not hub.sends_away(), "our own answers"
    monkeypatch.setattr(condition, "away", "It does not answer.")
    monkeypatch.setattr(condition, "away_since", time.monotonic() - 2)
    assert not hub.sends_away(), "it answered before ours went away: by now it may be away for all"
    hub.link.read({"type": "hub.canary", "canary": "of another", "database": 1.0})
    assert hub.sends_away()


async def test_deafness_shows_and_everything_goes_on(
    hub: Hub, layer: ShakyLayer, logs: Store, values: Store, caplog: pytest.LogCaptureFixture
) -> None:
    log, value = await seat(hub, LOG), await seat(hub, VALUE)
    await eventually(lambda: layer.count("group_send", GROUP) >= 2)
    assert not hub.sick
    layer.loses = lambda group, message: True
    await eventually(lambda: hub.sick)
    assert "The channel layer is deaf" in caplog.text
    for number in range(1, 4):
        await publish([logs.post(LOG), *values.change(VALUE, "a")])
        await assert_numbers(log, *range(1, number + 1))
    await eventually(lambda: numbers(value)[-1] == 3)
    layer.loses = lambda group, message: False
    await eventually(lambda: not hub.sick)
    assert "The channel layer is well again" in caplog.text


async def test_what_was_lost_after_the_last_comparison_comes_when_the_wire_is_well(
    hub: Hub, layer: ShakyLayer, logs: Store
) -> None:
    reader = await seat(hub, LOG)
    await eventually(lambda: logs.comparisons == 1)  # of the new topic
    logs.slow = True
    layer.loses = lambda group, message: True
    await eventually(lambda: logs.comparisons == 2)  # it has begun, and will find nothing
    await publish([logs.post(LOG)])
    layer.loses = lambda group, message: False
    await eventually(lambda: not hub.sick)
    logs.let_go()
    await assert_numbers(reader, 1)


async def test_the_group_that_the_layer_forgot_is_joined_again(hub: Hub, layer: ShakyLayer, logs: Store) -> None:
    """The in-memory layer forgets it after a day, Redis at a restart."""
    reader = await seat(hub, LOG)
    layer.groups.clear()
    await eventually(lambda: GROUP in layer.groups)
    await eventually(lambda: not hub.sick)
    reads = logs.reads
    await publish([logs.post(LOG)])
    await assert_numbers(reader, 1)
    assert logs.reads == reads


async def test_a_slow_start_is_not_deafness(
    hub: Hub, layer: ShakyLayer, logs: Store, caplog: pytest.LogCaptureFixture
) -> None:
    layer.hanging.add("new_channel")
    reader = Reader()
    subscribing = asyncio.create_task(hub.subscribe(LOG, reader))
    await eventually(lambda: layer.count("new_channel", ""))
    await settle()
    assert layer.count("group_send", GROUP) == 0
    layer.let_go()
    await subscribing
    await eventually(lambda: layer.count("group_send", GROUP))
    assert not hub.sick
    assert "deaf" not in caplog.text


@pytest.mark.parametrize(
    "garbage",
    [
        {"type": "hub.publications"},
        {"type": "hub.publications", "sender": "", "items": [[LOG, "of another version", 1, "", "{}"]]},
        {"type": "hub.publications", "sender": "", "items": [[]]},
        {"type": "hub.publications", "sender": "", "items": 5},
        {"type": "websocket.close"},
        {},
    ],
)
async def test_one_unreadable_message_stops_nothing(
    hub: Hub, layer: ShakyLayer, logs: Store, garbage: dict[str, Any]
) -> None:
    reader = await seat(hub, LOG)
    await layer.send(hub.link.channel, garbage)
    await publish([logs.post(LOG)])
    await assert_numbers(reader, 1)
    assert logs.reads == 0


async def test_a_line_that_stays_deaf_is_replaced(hub: Hub, layer: ShakyLayer, logs: Store) -> None:
    reader = await seat(hub, LOG)
    old = hub.link.channel
    layer.loses = lambda group, message: hub.link.channel in ("", old)
    await publish([logs.post(LOG)])
    await eventually(lambda: hub.link.channel not in ("", old))
    await eventually(lambda: not hub.sick)
    reads = logs.reads
    await publish([logs.post(LOG)])
    await eventually(lambda: len(reader.texts) == 2)
    assert [number for number, _ in parts(reader.texts)] == [1, 2]
    assert logs.reads == reads, "it came over the new line"


async def test_a_layer_that_cannot_be_connected_anew_is_tried_again(
    hub: Hub, layer: ShakyLayer, logs: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = await seat(hub, LOG)
    old = hub.link.channel

    async def fail() -> None:
        raise ConnectionError("no Redis")

    with monkeypatch.context() as patch:
        patch.setattr(layer, "flush", fail)
        layer.failing.add("new_channel")
        layer.loses = lambda group, message: hub.link.channel in ("", old)
        await eventually(lambda: hub.link.channel == "")
        await publish([logs.post(LOG)])
        await eventually(lambda: len(reader.texts) == 1)  # by comparison with the store
    layer.failing.clear()
    await eventually(lambda: not hub.sick)
    await publish([logs.post(LOG)])
    await eventually(lambda: len(reader.texts) == 2)
