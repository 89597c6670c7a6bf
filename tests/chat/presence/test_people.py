"""Who is in a room, for people who join it."""

import json
from typing import Any

import msgspec

from chat.models import Presence
from chat.presence.connections import presence_event, presence_topic
from chat.presence.people import People, people
from realtime import process
from realtime.delivery.hub import Hub
from realtime.wire.protocol import encode
from tests.realtime.fakes import Reader
from tests.team import Connect, Team, queries


def user(pk: int, name: str) -> dict[str, Any]:
    return {"id": pk, "name": name, "guest": False}


ADA, BEN, CYD = user(3, "Ada"), user(2, "Ben"), user(1, "Cyd")


def shown(found: tuple[int, msgspec.Raw]) -> list[str]:
    count, users = found
    names = [each["name"] for each in json.loads(bytes(users))]
    assert len(names) == count
    return names


def test_those_who_came_and_went_are_listed_by_name_and_oneself_in_any_case() -> None:
    found = People(1, [CYD])
    found.take(2, encode(presence_event("kitchen", [BEN, ADA], [], 3)))
    assert shown(found.with_user(BEN)) == ["Ada", "Ben", "Cyd"]
    found.take(3, encode(presence_event("kitchen", [], [BEN["id"], 99], 2)))
    assert shown(found.with_user(ADA)) == ["Ada", "Cyd"]
    assert shown(found.with_user(BEN)) == ["Ada", "Cyd", "Ben"]
    assert shown(found.with_user(ADA)) == ["Ada", "Cyd"], "who asks does not count for others"
    assert shown(People(0, []).with_user(ADA)) == ["Ada"]


def test_a_whole_list_replaces_what_was_known() -> None:
    found = People(1, [CYD, BEN])
    found.take(7, encode({**presence_event("kitchen", [], [], 1), "online": [ADA]}))
    assert shown(found.with_user(ADA)) == ["Ada"]


async def test_they_are_read_once_and_again_when_an_event_was_lost(team: Team, hub: Hub) -> None:
    pk = team.kitchen.pk
    reader = Reader()
    await hub.subscribe(presence_topic(pk), reader)
    found = await people.get(pk, 0)
    await hub.release(presence_topic(pk), reader, found.number)
    with queries() as made:
        assert shown((await people.get(pk, 0)).with_user(team.alice.on_wire())) == ["Alice"]
    assert made == []
    await Presence.objects.acreate(process=process.PROCESS_ID, room=team.kitchen, user=team.bob, connections=1)
    team.kitchen.presence_rev = 1
    await team.kitchen.asave()
    found = await people.get(pk, 1)
    assert (found.number, shown(found.with_user(team.alice.on_wire()))) == (1, ["Bob", "Alice"])


async def test_one_who_joins_finds_those_who_came_before(team: Team, connect: Connect) -> None:
    alice = await connect(team.alice)
    await alice.call("join", room="kitchen")
    await alice.assert_event("presence", count=1)
    for number, who in enumerate((team.bob, team.charlie, team.gast), 2):
        socket = await connect(who)
        joined = await socket.call("join", room="kitchen")
        assert (joined["count"], len(joined["online"])) == (number, number)
        await alice.assert_event("presence", joined=[who.on_wire()], left=[], count=number)
