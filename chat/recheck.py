"""Checks now and then who may still be in a room: the event that said otherwise may have been lost."""

from collections.abc import Collection

from chat.consumers import ChatConsumer
from chat.models import Membership, Room, RoomKind
from realtime.consumers import SocketConsumer
from realtime.storage.database import in_database


async def recheck_memberships(sockets: Collection[SocketConsumer]) -> None:
    """Remove `sockets` from rooms that their people are no longer members of, or that take no guests."""
    chats = [each for each in sockets if isinstance(each, ChatConsumer)]
    joined = [(chat, room) for chat in chats for room in chat.joined.values() if room.kind != RoomKind.PUBLIC]
    guests = [
        (chat, room)
        for chat in chats
        if chat.user.is_guest
        for room in {**chat.rooms, **{room.pk: room for room in chat.joined.values()}}.values()
        if room.kind == RoomKind.PUBLIC
    ]
    people = {chat.user.pk for chat, _ in joined}
    members = await members_among({room.pk for _, room in joined}, people) if joined else set()
    taking = await _taking_guests({room.pk for _, room in guests}) if guests else set()
    gone = [(chat, room) for chat, room in joined if (room.pk, chat.user.pk) not in members]
    gone += [(chat, room) for chat, room in guests if room.pk not in taking]
    for chat, room in gone:
        if chat.joined.get(room.slug, chat.rooms.get(room.pk)) is not None:
            await chat.control("", {"do": "removed", "room": room.slug, "id": room.pk, "reason": "removed"})


@in_database
def _taking_guests(rooms: set[int]) -> set[int]:
    return set(Room.objects.filter(pk__in=rooms, guests=True).values_list("pk", flat=True))


@in_database
def members_among(rooms: set[int], users: set[int]) -> set[tuple[int, int]]:
    found = Membership.objects.filter(room__in=rooms, user__in=users)
    return set(found.values_list("room_id", "user_id"))
