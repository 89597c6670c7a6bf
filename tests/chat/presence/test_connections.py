"""Who is in which room, over all processes."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from chat.models import Presence, Room
from chat.presence import connections
from chat.presence.connections import PresenceKeeper, online
from harness.client import eventually
from realtime import process
from realtime.delivery.publish import Delivery, Publication
from realtime.models import Process
from realtime.storage.database import in_database
from tests.team import Connect, Team, signed_in

Told = list[tuple[list[str], list[int], int]]


class Heard:
    """What was published, as `(names that joined, ids that left, count)`."""

    def __init__(self) -> None:
        self.publications: list[Publication] = []

    async def __call__(self, publications: Iterable[Publication]) -> bool:
        self.publications.extend(publications)
        return True

    @property
    def events(self) -> Told:
        found = [json.loads(each.text) for each in self.publications]
        return [([user["name"] for user in each["joined"]], each["left"], each["count"]) for each in found]


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    found = Heard()
    monkeypatch.setattr(connections, "publish", found)
    return found


@pytest.fixture
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "GRACE", 0.0)


@pytest.fixture
async def keeper(hub: Any) -> AsyncIterator[PresenceKeeper]:
    found = PresenceKeeper()
    yield found
    await found.close()


async def another_process(*places: tuple[Room, User], seen: float = 0, name: str = "other") -> None:
    """A process that was last seen so many seconds ago, with people in rooms."""
    moment = timezone.now() - timedelta(seconds=seen)
    await Process.objects.acreate(id=name, host="x", pid=1, started_at=moment, seen_at=moment)
    for room, user in places:
        await Presence.objects.acreate(process=name, room=room, user=user, connections=1)


async def rows() -> list[tuple[str, int]]:
    """Return our rows: room and number of connections."""
    found = Presence.objects.filter(process=process.PROCESS_ID).order_by("room__slug", "user")
    return [row async for row in found.values_list("room__slug", "connections")]


async def names(room: Room) -> list[str]:
    return [user["name"] for user in (await online([room.pk]))[room.pk][1]]


async def test_an_arrival_is_told_at_once_and_a_departure_after_the_grace(
    team: Team, keeper: PresenceKeeper, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper.arrive(team.kitchen.pk, team.alice.pk)
    await keeper.flush()
    assert heard.events == [(["Alice"], [], 1)]
    assert await names(team.kitchen) == ["Alice"]
    keeper.depart(team.kitchen.pk, team.alice.pk)
    await keeper.flush()
    assert len(heard.events) == 1, "it may be a reload"
    assert await names(team.kitchen) == ["Alice"]
    place = team.kitchen.pk, team.alice.pk
    keeper.leaving[place] -= connections.GRACE
    await keeper.flush()
    assert heard.events[1:] == [([], [team.alice.pk], 0)]
    assert await names(team.kitchen) == []
    assert await rows() == []


async def test_the_keeper_works_by_itself(
    team: Team, keeper: PresenceKeeper, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "GRACE", 0.05)
    keeper.arrive(team.kitchen.pk, team.alice.pk)
    await eventually(lambda: len(heard.events) == 1)
    keeper.depart(team.kitchen.pk, team.alice.pk)
    await eventually(lambda: len(heard.events) == 2)
    keeper.arrive(team.kitchen.pk, team.alice.pk)
    await eventually(lambda: len(heard.events) == 3)
    assert heard.events == [(["Alice"], [], 1), ([], [team.alice.pk], 0), (["Alice"], [], 1)]


async def test_a_reload_is_neither(team: Team, keeper: PresenceKeeper, heard: Heard) -> None:
    keeper.arrive(team.kitchen.pk, team.alice.pk)
    await keeper.flush()
    keeper.depart(team.kitchen.pk, team.alice.pk)
    keeper.arrive(team.kitchen.pk, team.alice.pk)
    await keeper.flush()
    keeper.depart(team.kitchen.pk, team.alice.pk)
    await keeper.flush()
    keeper.arrive(team.kitchen.pk, team.alice.pk)
    await keeper.flush()
    assert len(heard.events) == 1
    assert await rows() == [("kitchen", 1)]
    assert not keeper.leaving


async def test_two_tabs_count_once(team: Team, keeper: PresenceKeeper, heard: Heard, no_grace: None) -> None:
    for _ in range(2):
        keeper.arrive(team.kitchen.pk, team.alice.pk)
        await keeper.flush()
    assert await rows() == [("kitchen", 2)]
    keeper.depart(team.kitchen.pk, team.alice.pk)
    await keeper.flush()
    assert await rows() == [("kitchen", 1)]
    assert heard.events == [(["Alice"], [], 1)]
    keeper.depart(team.kitchen.pk, team.alice.pk)
    await keeper.flush()
    assert heard.events[1:] == [([], [team.alice.pk], 0)]


async def test_many_arrivals_are_one_write_and_one_event_for_each_room(
    team: Team, keeper: PresenceKeeper, heard: Heard
) -> None:
    for user in (team.alice, team.bob, team.gast):
        keeper.arrive(team.kitchen.pk, user.pk)
        keeper.arrive(team.lobby.pk, user.pk)
    await keeper.flush()
    assert heard.events == [(["Alice", "Bob", "Gast"], [], 3)] * 2
    assert {(each.delivery, each.number, each.key) for each in heard.publications} == {(Delivery.LOG, 1, "")}
    assert len({each.topic for each in heard.publications}) == 2
    assert await Room.objects.filter(presence_rev=1).acount() == 2


async def test_a_write_takes_no_more_than_so_many_places(
    team: Team, keeper: PresenceKeeper, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MOST", 2)
    for user in (team.alice, team.bob, team.gast):
        keeper.arrive(team.kitchen.pk, user.pk)
    for _ in range(3):
        await keeper.flush()
    assert [(len(joined), count) for joined, _, count in heard.events] == [(2, 2), (1, 3)]


async def test_while_people_keep_coming_they_are_told_a_few_times_a_second(
    team: Team, keeper: PresenceKeeper, heard: Heard
) -> None:
    people = [await User.objects.acreate(username=f"user-{number}") for number in range(40)]
    began = asyncio.get_running_loop().time()
    for user in people:
        keeper.arrive(team.kitchen.pk, user.pk)
        await asyncio.sleep(0.01)
    await eventually(lambda: sum(len(joined) for joined, _, _ in heard.events) == 40)
    seconds = asyncio.get_running_loop().time() - began
    assert len(heard.events[0][0]) < 10, "the first at once"
    assert len(heard.events) <= 2 + seconds / connections.CALM


async def test_somebody_who_is_here_through_another_process_too_neither_comes_nor_goes(
    team: Team, keeper: PresenceKeeper, heard: Heard, no_grace: None
) -> None:
    await another_process((team.kitchen, team.alice))
    keeper.arrive(team.kitchen.pk, team.alice.pk)
    await keeper.flush()
    keeper.depart(team.kitchen.pk, team.alice.pk)
    await keeper.flush()
    assert heard.events == []
    assert await names(team.kitchen) == ["Alice"]


async def test_rows_of_a_dead_process_do_not_count_and_are_swept_once(team: Team, hub: Any, heard: Heard) -> None:
    await another_process((team.kitchen, team.alice), (team.kitchen, team.bob), seen=60)
    await another_process((team.kitchen, team.bob), name="well")
    assert await names(team.kitchen) == ["Bob"]
    sweeps = await asyncio.gather(*[in_database(connections.sweep)() for _ in range(3)])
    (publications,) = [each for each in sweeps if each]
    await heard(publications)
    assert heard.events == [([], [team.alice.pk], 1)]
    assert [row.process async for row in Presence.objects.all()] == ["well"]


async def test_a_process_that_was_asleep_writes_its_rows_again(
    team: Team, keeper: PresenceKeeper, heard: Heard
) -> None:
    keeper.arrive(team.kitchen.pk, team.alice.pk)
    keeper.arrive(team.lobby.pk, team.bob.pk)
    await keeper.flush()
    await Presence.objects.all().adelete()  # others gave it up for dead, and told that both have left
    await Room.objects.aupdate(presence_rev=F("presence_rev") + 1)
    heard.publications.clear()
    await keeper.rewrite()
    await keeper.flush()
    assert sorted(heard.events) == [(["Alice"], [], 1), (["Bob"], [], 1)]
    assert await rows() == [("kitchen", 1), ("lobby", 1)]


async def test_a_write_that_failed_is_made_up_for(
    team: Team, keeper: PresenceKeeper, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(wanted: object) -> list[Publication]:
        raise OSError("away")

    save = connections.save
    monkeypatch.setattr(connections, "save", fail)
    keeper.arrive(team.kitchen.pk, team.alice.pk)
    with pytest.raises(OSError, match="away"):
        await keeper.flush()
    monkeypatch.setattr(connections, "save", save)
    await keeper.flush()
    assert heard.events == [(["Alice"], [], 1)]


async def test_a_room_that_is_gone_does_no_harm(team: Team, keeper: PresenceKeeper, heard: Heard) -> None:
    keeper.arrive(99_999, team.alice.pk)
    keeper.arrive(team.kitchen.pk, team.alice.pk)
    await keeper.flush()
    assert await rows() == [("kitchen", 1)]


async def test_writing_takes_as_many_queries_for_many_people_as_for_few(
    team: Team, hub: Any, django_assert_num_queries: Any
) -> None:
    people = [await User.objects.acreate(username=f"user-{number}") for number in range(30)]

    def write(count: int, sockets: int) -> None:
        wanted = {(team.kitchen.pk, user.pk): sockets for user in people[:count]}
        # Begin, the rooms, who was here, the rows, who is here now, the people, how many, the number, commit.
        with django_assert_num_queries(9):
            (publication,) = connections.save(wanted)
        event = json.loads(publication.text)
        assert len(event["joined"]) + len(event["left"]) == count

    for count in (3, 30):
        await in_database(write)(count, 1)
        await in_database(write)(count, 0)


async def test_who_is_online_comes_with_its_number(team: Team, keeper: PresenceKeeper, heard: Heard) -> None:
    pk, nowhere = team.kitchen.pk, 99_999
    assert await online([pk, nowhere]) == {pk: (0, [])}
    for number, user in enumerate((team.gast, team.alice), 1):
        keeper.arrive(pk, user.pk)
        await keeper.flush()
        assert (await online([pk]))[pk][0] == number
    assert (await online([pk]))[pk][1] == [team.alice.on_wire(), team.gast.on_wire()]


# On sockets


async def test_people_in_a_room_see_others_come_and_go(team: Team, connect: Connect, no_grace: None) -> None:
    alice, bob = await connect(team.alice), await connect(team.bob)
    joined = await alice.call("join", room="attic")
    assert (joined["online"], joined["count"]) == ([team.alice.on_wire()], 1)
    await alice.assert_event("presence", joined=[team.alice.on_wire()], left=[], count=1)
    joined = await bob.call("join", room="attic")
    assert (joined["online"], joined["count"]) == ([team.alice.on_wire(), team.bob.on_wire()], 2)
    await alice.assert_event("presence", joined=[team.bob.on_wire()], left=[], count=2)
    await bob.close()
    await alice.assert_event("presence", joined=[], left=[team.bob.pk], count=1)


async def test_a_second_tab_and_a_reload_are_seen_by_nobody(team: Team, connect: Connect) -> None:
    alice = await connect(team.alice)
    await alice.call("join", room="attic")
    bob = await connect(team.bob)
    await bob.call("join", room="attic")
    for user in (team.alice, team.bob):
        await alice.assert_event("presence", joined=[user.on_wire()])
    browser = await signed_in(team.bob)
    again = await connect(browser)
    assert (await again.call("join", room="attic"))["count"] == 2
    await bob.close()
    await again.close()
    assert (await (await connect(browser)).call("join", room="attic"))["count"] == 2
    await alice.assert_silence("presence")


async def test_the_first_event_of_a_room_needs_no_reading_back(team: Team, connect: Connect, hub: Any) -> None:
    await Room.objects.filter(pk=team.attic.pk).aupdate(presence_rev=57)
    alice, bob = await connect(team.alice), await connect(team.bob)
    await alice.call("join", room="attic")
    await alice.assert_event("presence", joined=[team.alice.on_wire()])
    await bob.call("join", room="attic")
    await alice.assert_event("presence", joined=[team.bob.on_wire()])
    await alice.assert_silence("presence")
    assert hub.heals == 0
