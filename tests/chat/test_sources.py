"""What the hub reads back from the truth."""

import json
from typing import Any

import pytest

from chat import sources, store
from chat.models import Room
from chat.presence import current_presence
from chat.sources import HeadsSource, PresenceSource, RoomSource
from chat.store import Edit
from realtime.database import in_database
from realtime.publish import Delivery
from tests.cast import Cast, says


async def test_a_room_is_read_back_by_rev_as_far_as_a_page_goes(
    cast: Cast, hub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = store.room_topic(cast.kitchen.pk)
    await in_database(store.apply)([says(cast.kitchen, cast.alice, str(number)) for number in range(5)])
    await in_database(store.apply)([Edit(cast.kitchen.pk, cast.alice.pk, 2, "x", "x")])
    assert await RoomSource().heads([topic, "room.99999"]) == {topic: 6}
    found = await RoomSource().read(topic, 0)
    assert (found.head, [each.number for each in found.publications]) == (6, [1, 3, 4, 5, 6])
    assert json.loads(found.publications[-1].text)["seq"] == 2
    monkeypatch.setattr(sources, "PAGE", 2)
    found = await RoomSource().read(topic, 1)
    assert (found.head, [each.number for each in found.publications]) == (4, [3, 4])
    assert (await RoomSource().read(topic, 6)).publications == []


async def test_heads_are_read_back_as_they_are_now(cast: Cast, hub: Any) -> None:
    await in_database(store.apply)([says(cast.kitchen, cast.alice)])
    topic = f"heads.{cast.kitchen.pk}"
    assert await HeadsSource().heads([topic, "heads.99999"]) == {topic: 1}
    found = await HeadsSource().read(topic, 0)
    (publication,) = found.publications
    assert (found.head, publication.number, publication.key) == (1, 1, "")
    assert json.loads(publication.text)["rooms"] == {"kitchen": {"rev": 1, "seq": 1}}


async def test_presence_is_read_back_as_the_whole_list(cast: Cast, hub: Any) -> None:
    for user in (cast.gast, cast.alice):
        current_presence().arrive(cast.kitchen.pk, user.pk)
        await current_presence().flush()
    topic = f"presence.{cast.kitchen.pk}"
    assert await PresenceSource().heads([topic, "presence.99999"]) == {topic: 2}
    found = await PresenceSource().read(topic, 0)
    (publication,) = found.publications
    assert (found.head, publication.number, publication.key) == (2, 2, "")
    assert publication.delivery == Delivery.LOG
    assert (await PresenceSource().read(topic, 2)).publications == []
    event = json.loads(publication.text)
    assert event == {
        "type": "presence",
        "room": "kitchen",
        "joined": [],
        "left": [],
        "count": 2,
        "online": [cast.alice.on_wire(), cast.gast.on_wire()],
    }
    assert await Room.objects.filter(presence_rev=2).acount() == 1
