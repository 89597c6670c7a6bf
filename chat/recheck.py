"""Memberships looked up now and then, for the wire that should have told of their end may have failed."""

from collections.abc import Collection

from chat.consumers import ChatConsumer
from chat.models import Membership, RoomKind
from realtime.consumers import SocketConsumer
from realtime.database import in_database


async def recheck_memberships(sockets: Collection[SocketConsumer]) -> None:
    """Take those of `sockets` out of the rooms whose members their people are no longer."""
    chats = [each for each in sockets if isinstance(each, ChatConsumer)]
    joined = [(chat, room) for chat in chats for room in chat.joined.values() if room.kind != RoomKind.PUBLIC]
    if not joined:
        return
    members = await _members({room.pk for _, room in joined}, {chat.user.pk for chat, _ in joined})
    for chat, room in joined:
        if (room.pk, chat.user.pk) not in members and chat.joined.get(room.slug) is room:
            await chat.control("", {"do": "removed", "room": room.slug, "id": room.pk, "reason": "removed"})


@in_database
def _members(rooms: set[int], users: set[int]) -> set[tuple[int, int]]:
    found = Membership.objects.filter(room__in=rooms, user__in=users)
    return set(found.values_list("room_id", "user_id"))
