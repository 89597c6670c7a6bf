"""Direct rooms: two to nine people, and one room for each set of people. They have no name.

Their owner has opened them, which counts against a limit, and may do no more there than the others.
"""

import secrets
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from accounts.models import Kind, User
from chat.models import Level, Membership, PersonInRoom, Room, RoomKind
from realtime.delivery.publish import Delivery, Publication
from realtime.wire.protocol import CommandError, encode

#: People in a direct room at most. More people make a room with a name.
MOST: Final = 9


def open_direct(user: User, others: Iterable[int]) -> tuple[Room, bool]:
    """Return the direct room of `user` and these people, and whether it is new. Raises CommandError.

    The others get it into their list with its first message.
    """
    if user.kind != Kind.ACCOUNT:
        raise CommandError("forbidden", "Direct messages are for people with an account.")
    ids = {user.pk, *others}
    if not 2 <= len(ids) <= MOST:
        raise CommandError("invalid", f"A direct room is for 2 to {MOST} people, you among them.")
    key = ",".join(map(str, sorted(ids)))
    if (room := Room.objects.filter(direct_key=key).first()) is not None:
        return room, False
    with transaction.atomic():
        # One at a time, so that the count is right. Not the key: who opens the same room needs it for the membership.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if Room.objects.filter(owner=user, kind=RoomKind.DIRECT).count() >= settings.DIRECT_ROOMS:
            most = settings.DIRECT_ROOMS
            raise CommandError("conflict", f"You have opened {most} direct rooms already, and nobody may open more.")
        people = User.objects.filter(pk__in=ids, kind=Kind.ACCOUNT, is_active=True)
        if people.count() != len(ids):
            raise CommandError("not_found", "Some of these people have no account here, or it is closed.")
        room, is_new = Room.objects.get_or_create(
            direct_key=key, defaults={"slug": f"d-{secrets.token_hex(8)}", "kind": RoomKind.DIRECT, "owner": user}
        )
        if is_new:
            Membership.objects.bulk_create(Membership(room=room, user_id=pk) for pk in ids)
            PersonInRoom.objects.bulk_create(PersonInRoom(room=room, user_id=pk, level=Level.ALL) for pk in ids)
    return room, is_new


def people_of(rooms: Collection[Room]) -> dict[int, list[User]]:
    """Return, by id, the people of the direct rooms among `rooms`, by name."""
    found: dict[int, list[User]] = defaultdict(list)
    if direct := [room.pk for room in rooms if room.kind == RoomKind.DIRECT]:
        memberships = Membership.objects.filter(room__in=direct).select_related("user").order_by("user__name", "user")
        for membership in memberships:
            found[membership.room_id].append(membership.user)
    return found


def name_for(viewer: User, people: Iterable[User]) -> str:
    """Return what `viewer` calls a direct room: the names of the others."""
    return ", ".join(each.name for each in people if each.pk != viewer.pk)


def shown_to(viewer: User, rooms: Collection[Room]) -> dict[int, dict[str, Any]]:
    """Return, by id, of the direct rooms among `rooms`: {"name": as `viewer` calls it, "people": [user …]}."""
    return {
        pk: {"name": name_for(viewer, people), "people": [each.on_wire() for each in people]}
        for pk, people in people_of(rooms).items()
    }


def first_messages(rooms: Collection[Room]) -> list[Publication]:
    """Return what tells the people of direct `rooms` that these are in their list now."""
    slugs = {room.pk: room.slug for room in rooms}
    members = Membership.objects.filter(room__in=slugs).values_list("room", "user") if slugs else ()
    return [
        Publication(f"user.{user}", Delivery.CONTROL, encode({"do": "room_created", "room": slugs[room]}))
        for room, user in members
    ]
