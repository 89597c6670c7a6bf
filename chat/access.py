"""Who may see and use which room."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from accounts.models import User
from chat.models import Membership, ReadMark, Room, RoomKind
from realtime.database import in_database
from realtime.gather import gathered
from realtime.protocol import CommandError


@dataclass(frozen=True, slots=True)
class Seen:
    """A room as far as a connection needs it."""

    pk: int
    slug: str
    kind: str


def visible_rooms(user: User | AnonymousUser) -> QuerySet[Room]:
    """Return the rooms in the list of `user`: public ones and those it is a member of, without archived ones."""
    public = Q(kind=RoomKind.PUBLIC)
    if isinstance(user, User):
        public |= Q(kind=RoomKind.MEMBERS, memberships__user=user)
    return Room.objects.filter(public, archived_at=None).distinct().order_by("slug")


def open_room(user: User, slug: str) -> Room:
    """Return the room `slug` for reading. Raises CommandError `not_found` or `forbidden`."""
    room = Room.objects.filter(slug=slug).first()
    if room is None:
        raise no_such_room()
    members = Membership.objects.filter(room=room, user=user)
    require_open(user, room.kind == RoomKind.PUBLIC or members.exists())
    return room


def require_open(user: User, is_open: bool) -> None:
    """Raise CommandError unless `user` may be in a room that is open to them or not."""
    if not is_open:
        raise CommandError("forbidden", "You are not a member of this room.")
    if not user.is_active:
        raise CommandError("forbidden", "This account is closed.")


def no_such_room() -> CommandError:
    return CommandError("not_found", "There is no such room.")


@dataclass(frozen=True, slots=True)
class Entry:
    """What one who enters a room must know of it: its numbers, whether it is open to them, what they have read."""

    rev: int
    presence_rev: int
    is_open: bool
    read: int


Key = tuple[int, int]  # room id, user id


@gathered
@in_database
def entry(keys: Collection[Key]) -> dict[Key, Entry]:
    """Return the room for somebody who enters it: key `(room id, user id)`."""
    rooms = {room.pk: room for room in Room.objects.filter(pk__in={room for room, _ in keys})}
    closed = {room for room, _ in keys if room in rooms and rooms[room].kind != RoomKind.PUBLIC}
    users = {user for _, user in keys}
    members: set[Key] = set()
    if closed:
        memberships = Membership.objects.filter(room__in=closed, user__in=users)
        members = set(memberships.values_list("room_id", "user_id"))
    marks = ReadMark.objects.filter(room__in=rooms, user__in=users).values_list("room_id", "user_id", "seq")
    read = {(room, user): seq for room, user, seq in marks}
    return {
        key: Entry(room.rev, room.presence_rev, key[0] not in closed or key in members, read.get(key, 0))
        for key in keys
        if (room := rooms.get(key[0])) is not None
    }


@gathered
@in_database
def rooms_in_list(user_ids: Collection[int]) -> dict[int, dict[int, Seen]]:
    """Return by id the rooms in the list of a user, as `visible_rooms` has them."""
    public = Room.objects.filter(kind=RoomKind.PUBLIC, archived_at=None).values_list("pk", "slug", "kind")
    seen = {pk: Seen(pk, slug, kind) for pk, slug, kind in public}
    found = {user: dict(seen) for user in user_ids}
    closed = Membership.objects.filter(user__in=user_ids, room__kind=RoomKind.MEMBERS, room__archived_at=None)
    for user, pk, slug, kind in closed.values_list("user_id", "room_id", "room__slug", "room__kind"):
        found[user][pk] = Seen(pk, slug, kind)
    return found


def owned_room(user: User, slug: str) -> Room:
    """Return the room `slug` for its owner. Raises CommandError."""
    room = open_room(user, slug)
    if room.owner_id != user.pk:
        raise CommandError("forbidden", "Only the owner of this room may do that.")
    return room


def require_person(user: Any) -> User:
    """Return the user signed in. Raises CommandError `sign_in`, for HTTP."""
    if not isinstance(user, User):
        raise CommandError("sign_in", "Sign in first.")
    return user
