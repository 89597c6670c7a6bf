"""The reads of sockets that enter rooms, many at once."""

import asyncio
from typing import Any

from django.utils import timezone

from chat.models import Membership, PersonInRoom, Room, RoomKind
from chat.rooms.access import Seen, entry, rooms_in_list, visible_rooms
from tests.team import Team


async def test_the_list_of_a_socket_is_that_of_the_pages(team: Team, hub: Any) -> None:
    await Room.objects.acreate(slug="cellar", name="x", kind=RoomKind.MEMBERS, archived_at=timezone.now())
    talk = await Room.objects.acreate(slug="r-1", name="x", kind=RoomKind.ROULETTE)
    for room in (talk, await Room.objects.aget(slug="cellar")):
        await Membership.objects.acreate(room=room, user=team.bob)
    users = [team.bob, team.charlie]
    found = await asyncio.gather(*[rooms_in_list(user.pk) for user in users])
    for user, rooms in zip(users, found, strict=True):
        assert rooms == {room.pk: Seen(room.pk, room.slug, room.kind) async for room in visible_rooms(user)}


async def test_an_entry_says_whether_the_room_is_open_to_each(team: Team, hub: Any) -> None:
    await PersonInRoom.objects.acreate(room=team.attic, user=team.bob, seq=3)
    pairs = [(room, user) for room in (team.attic, team.kitchen) for user in (team.bob, team.charlie)]
    found = await asyncio.gather(*[entry((room.pk, user.pk)) for room, user in pairs])
    assert [(each.is_open, each.read) for each in found if each] == [(True, 3), (False, 0), (True, 0), (True, 0)]
    assert await entry((99_999, team.bob.pk)) is None
