"""Publishing, with a layer that accepts, loses and refuses messages."""

import asyncio
import threading

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction

from harness.client import PATIENCE
from realtime.delivery.publish import CHUNK, GROUP, Delivery, Here, Publication, hear, publish, publish_on_commit
from tests.realtime.fakes import ShakyLayer, settle


def news(topic: str, text: str, number: int = 0, key: str = "") -> Publication:
    return Publication(topic, Delivery.LATEST, text, number, key)


async def listen(layer: ShakyLayer) -> str:
    channel = await layer.new_channel("test")
    await layer.group_add(GROUP, channel)
    return channel


async def test_one_message_carries_all_in_order(layer: ShakyLayer) -> None:
    channel = await listen(layer)
    await publish([news("a.1", "one", 1, "k"), news("b.1", "two"), news("a.1", "three", 2)])
    assert await layer.receive(channel) == {
        "type": "hub.publications",
        "sender": "",
        "items": [["a.1", "latest", 1, "k", "one"], ["b.1", "latest", 0, "", "two"], ["a.1", "latest", 2, "", "three"]],
    }
    assert layer.count("group_send", GROUP) == 1


async def test_what_comes_while_one_message_is_sent_goes_into_the_next(layer: ShakyLayer) -> None:
    channel = await listen(layer)
    layer.hanging.add("group_send")
    sending = [asyncio.create_task(publish([news("a.1", "0")]))]
    await settle()
    sending += [asyncio.create_task(publish([news("a.1", str(number))])) for number in range(1, CHUNK + 2)]
    await settle()
    layer.let_go()
    await asyncio.gather(*sending)
    texts = [[item[4] for item in (await layer.receive(channel))["items"]] for _ in range(3)]
    assert [len(each) for each in texts] == [1, CHUNK, 1]
    assert [text for each in texts for text in each] == [str(number) for number in range(CHUNK + 2)]


async def test_nothing_piles_up_in_front_of_a_wire_that_fails(layer: ShakyLayer) -> None:
    layer.hanging.add("group_send")
    layer.failing.add("group_send")
    sending = [asyncio.create_task(publish([news("a.1", "0")]))]
    await settle()
    sending += [asyncio.create_task(publish([news("a.1", str(number))])) for number in range(1, 10 * CHUNK)]
    await settle()
    layer.let_go()
    await asyncio.wait_for(asyncio.gather(*sending), PATIENCE)
    assert layer.count("group_send", GROUP) == 1
    layer.failing.clear()
    channel = await listen(layer)
    await publish([news("a.1", "later")])
    assert [item[4] for item in (await layer.receive(channel))["items"]] == ["later"]


async def test_the_hub_of_this_process_needs_no_layer(layer: ShakyLayer) -> None:
    taken: list[Publication] = []
    hear(Here("us", taken.extend))
    items = [news("a.1", "one", 1, "k"), news("b.1", "two")]
    await publish(items)
    await settle()
    assert taken == items
    assert layer.calls == []  # in memory there are no others


async def test_others_are_told_who_publishes(layer: ShakyLayer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.delivery.publish.layer_is_embedded", lambda: False)
    channel = await listen(layer)
    hear(Here("us", lambda items: None))
    await publish([news("a.1", "one")])
    assert (await layer.receive(channel))["sender"] == "us"


async def test_nothing_to_publish_sends_nothing(layer: ShakyLayer) -> None:
    await publish([])
    assert layer.calls == []


async def test_a_sick_wire_is_logged_and_no_error(layer: ShakyLayer, caplog: pytest.LogCaptureFixture) -> None:
    layer.failing.add("group_send")
    await publish([news("a.1", "one"), news("b.1", "two")])
    assert "The channel layer failed: ConnectionError" in caplog.text


@pytest.mark.django_db(transaction=True)
async def test_what_is_rolled_back_is_not_published(layer: ShakyLayer) -> None:
    channel = await listen(layer)

    def change(*, succeed: bool) -> None:
        with transaction.atomic():
            publish_on_commit([news("a.1", f"succeed: {succeed}")])
            assert layer.count("group_send", GROUP) == 0
            if not succeed:
                transaction.set_rollback(True)

    await sync_to_async(change)(succeed=False)
    await sync_to_async(change)(succeed=True)
    assert (await layer.receive(channel))["items"][0][4] == "succeed: True"
    assert layer.count("group_send", GROUP) == 1


@pytest.mark.django_db(transaction=True)
async def test_it_is_published_in_the_loop_of_the_server(layer: ShakyLayer) -> None:
    """A send from another loop would not wake the in-memory layer's receiver."""
    threads = []

    def look(group: str, message: object) -> bool:
        threads.append(threading.get_ident())
        return False

    layer.loses = look
    await sync_to_async(publish_on_commit)([news("a.1", "x")])
    assert threads == [threading.get_ident()]


@pytest.mark.django_db(transaction=True)
async def test_a_sick_wire_undoes_no_transaction(layer: ShakyLayer) -> None:
    layer.failing.add("group_send")

    def change() -> None:
        with transaction.atomic():
            publish_on_commit([news("a.1", "x")])
            transaction.on_commit(lambda: done.append(True))

    done: list[bool] = []
    await sync_to_async(change)()
    assert done == [True]
    assert layer.count("group_send", GROUP) == 1
