"""The one door out, with a layer that takes, loses and refuses."""

import threading

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction

from realtime.publish import Delivery, Publication, publish, publish_on_commit
from tests.realtime.support import ShakyLayer


def news(topic: str, text: str, number: int = 0, key: str = "") -> Publication:
    return Publication(topic, Delivery.LATEST, text, number, key)


async def listen(layer: ShakyLayer, *topics: str) -> str:
    channel = await layer.new_channel("test")
    for topic in topics:
        await layer.group_add(topic, channel)
    return channel


async def test_one_message_carries_all_of_a_topic_in_order(layer: ShakyLayer) -> None:
    channel = await listen(layer, "a.1", "b.1")
    assert await publish([news("a.1", "one", 1, "k"), news("b.1", "two"), news("a.1", "three", 2)])
    assert await layer.receive(channel) == {
        "type": "hub.publications",
        "topic": "a.1",
        "items": [["latest", 1, "k", "one"], ["latest", 2, "", "three"]],
    }
    assert (await layer.receive(channel))["items"] == [["latest", 0, "", "two"]]
    assert layer.count("group_send", "a.1") == 1


async def test_nothing_to_publish_sends_nothing(layer: ShakyLayer) -> None:
    assert await publish([])
    assert layer.calls == []


async def test_a_sick_wire_is_logged_and_no_error(layer: ShakyLayer, caplog: pytest.LogCaptureFixture) -> None:
    layer.failing.add("group_send")
    assert not await publish([news("a.1", "one"), news("b.1", "two")])
    assert "The channel layer did not take a.1: ConnectionError" in caplog.text
    assert layer.count("group_send", "b.1") == 1  # what follows is tried all the same


async def test_one_bad_topic_keeps_no_other_back(layer: ShakyLayer) -> None:
    channel = await listen(layer, "a.1")
    assert not await publish([news("no such name!", "x"), news("a.1", "one")])
    assert (await layer.receive(channel))["topic"] == "a.1"


@pytest.mark.django_db(transaction=True)
async def test_what_is_rolled_back_is_not_published(layer: ShakyLayer) -> None:
    channel = await listen(layer, "a.1")

    def change(*, succeed: bool) -> None:
        with transaction.atomic():
            publish_on_commit([news("a.1", f"succeed: {succeed}")])
            assert layer.count("group_send", "a.1") == 0
            if not succeed:
                transaction.set_rollback(True)

    await sync_to_async(change)(succeed=False)
    await sync_to_async(change)(succeed=True)
    assert (await layer.receive(channel))["items"][0][3] == "succeed: True"
    assert layer.count("group_send", "a.1") == 1


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
    assert layer.count("group_send", "a.1") == 1
