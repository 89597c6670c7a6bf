"""What the hub reads back from the truth."""

import json
from typing import Any

import pytest

from chat import readback
from chat.log import store
from chat.log.changes import Edit
from chat.models import Room
from chat.presence.connections import current_presence
from chat.readback import HeadsSource, PresenceSource, RoomSource
from chat.topics import room_topic
from realtime.delivery.publish import Delivery
from realtime.storage.database import in_database
from tests.team import Team, says


async def test_a_room_is_read_back_by_rev_as_far_as_a_page_goes(
    team: Team, hub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = room_topic(team.kitchen.pk)
    await in_database(store.apply)([says(team.kitchen, team.alice, str(number)) for number in range(5)])
    await in_database(store.apply)([Edit(team.kitchen.pk, team.alice.pk, 2, "x", "x")])
    assert await RoomSource().heads([topic, "room.99999"]) == {topic: 6}
    found = await RoomSource().read(topic, 0)
    assert (found.head, [each.number for each in found.publications]) == (6, [1, 3, 4, 5, 6])
    assert json.loads(found.publications[-1].text)["seq"] == 2
    monkeypatch.setattr(readback, "PAGE", 2)
    found = await RoomSource().read(topic, 1)
    assert (found.head, [each.number for each in found.publications]) == (4, [3, 4])
    assert (await RoomSource().read(topic, 6)).publications == []


async def test_heads_are_read_back_as_they_are_now(team: Team, hub: Any) -> None:
    await in_database(store.apply)([says(team.kitchen, team.alice)])
    topic = f"heads.{team.kitchen.pk}"
    assert await HeadsSource().heads([topic, "heads.99999"]) == {topic: 1}
    found = await HeadsSource().read(topic, 0)
    (publication,) = found.publications
    assert (found.head, publication.number, publication.key) == (1, 1, "")
    assert json.loads(publication.text)["rooms"] == {"kitchen": {"rev": 1, "seq": 1}}


async def test_presence_is_read_back_as_the_whole_list(team: Team, hub: Any) -> None:
    for user in (team.gast, team.alice):
        current_presence().arrive(team.kitchen.pk, user.pk)
        await current_presence().flush()
    topic = f"presence.{team.kitchen.pk}"
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
        "online": [team.alice.on_wire(), team.gast.on_wire()],
    }
    assert await Room.objects.filter(presence_rev=2).acount() == 1
