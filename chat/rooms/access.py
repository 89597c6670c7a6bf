"""Who may see and use which room."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from accounts.models import User
from chat.models import Membership, PersonInRoom, Room, RoomKind
from realtime.storage import bulk
from realtime.storage.database import in_database
from realtime.storage.gather import gathered
from realtime.wire.protocol import CommandError


@dataclass(frozen=True, slots=True)
class Seen:
    """The part of a room that a connection needs."""

    pk: int
    slug: str
    kind: str
    guests: bool = field(default=False, compare=False)


def visible_rooms(user: User | AnonymousUser) -> QuerySet[Room]:
    """Return the rooms in the list of `user`: public ones and those it is a member of, without archived ones.

    Guests, and strangers who are not signed in, see only public rooms that are open to guests.
    """
    public = Q(kind=RoomKind.PUBLIC)
    if not isinstance(user, User) or user.is_guest:
        public &= Q(guests=True)
    if isinstance(user, User):
        mine = Q(kind=RoomKind.MEMBERS) | Q(kind=RoomKind.DIRECT, seq__gt=0)
        public |= mine & Q(memberships__user=user)
    return Room.objects.filter(public, archived_at=None).distinct().order_by("slug")


def open_room(user: User, slug: str) -> Room:
    """Return the room `slug` for reading. Raises CommandError `not_found` or `forbidden`."""
    room = Room.objects.filter(slug=slug).first()
    if room is None:
        raise no_such_room()
    members = Membership.objects.filter(room=room, user=user)
    require_open(user, room.kind == RoomKind.PUBLIC or members.exists())
    require_guests(user, takes_guests(room.kind, room.guests))
    return room


def takes_guests(kind: str, guests: bool) -> bool:
    """Return whether guests may be in a room. In talks of roulette they are ordinary members."""
    return guests or kind != RoomKind.PUBLIC


def require_guests(user: User, takes_guests: bool) -> None:
    """Raise CommandError for a guest in a room that takes no guests."""
    if user.is_guest and not takes_guests:
        raise CommandError("forbidden", "This room is not open to guests.")


def require_open(user: User, is_open: bool) -> None:
    """Raise CommandError unless `user` may be in the room; `is_open` says whether the room is open to them."""
    if not is_open:
        raise CommandError("forbidden", "You are not a member of this room.")
    if not user.is_active:
        raise CommandError("forbidden", "This account is closed.")


def no_such_room() -> CommandError:
    return CommandError("not_found", "There is no such room.")


@dataclass(frozen=True, slots=True)
class Entry:
    """What a joiner needs of a room: its numbers, whether it is open to them, and their read mark."""

    rev: int
    presence_rev: int
    is_open: bool
    takes_guests: bool
    read: int


Key = tuple[int, int]  # room id, user id


@gathered
@in_database
def entry(keys: Collection[Key]) -> dict[Key, Entry]:
    """Return the room for somebody who enters it. The key is `(room id, user id)`."""
    ids = {(room,) for room, _ in keys}
    rooms = {pk: rest for pk, *rest in bulk.find(Room, ("id",), ids, ("id", "kind", "guests", "rev", "presence_rev"))}
    closed = [key for key in keys if key[0] in rooms and rooms[key[0]][0] != RoomKind.PUBLIC]
    members = set(bulk.find(Membership, ("room", "user"), closed, ("room", "user")))
    marks = bulk.find(PersonInRoom, ("room", "user"), keys, ("room", "user", "seq"))
    read = {(room, user): seq for room, user, seq in marks}
    found = {}
    for key in keys:
        if key[0] in rooms:
            kind, guests, rev, presence_rev = rooms[key[0]]
            is_open = kind == RoomKind.PUBLIC or key in members
            found[key] = Entry(rev, presence_rev, is_open, takes_guests(kind, guests), read.get(key, 0))
    return found


def _is_listed(kind: str, seq: int) -> bool:
    """Whether a room that is not public is in the list of its members: a direct one is from its first message on."""
    return kind == RoomKind.MEMBERS or (kind == RoomKind.DIRECT and seq > 0)


@gathered
@in_database
def rooms_in_list(user_ids: Collection[int]) -> dict[int, dict[int, Seen]]:
    """Return, by id, the rooms in a user's list: those that `visible_rooms` returns for people with an account."""
    public = Room.objects.filter(kind=RoomKind.PUBLIC, archived_at=None).values_list("pk", "slug", "kind", "guests")
    seen = {pk: Seen(pk, slug, kind, guests) for pk, slug, kind, guests in public}
    found = {user: dict(seen) for user in user_ids}
    memberships = bulk.find(Membership, ("user",), [(user,) for user in user_ids], ("user", "room"))
    rooms = bulk.find(Room, ("id",), {(room,) for _, room in memberships}, ("id", "slug", "kind", "seq", "archived_at"))
    closed = {pk: Seen(pk, slug, kind) for pk, slug, kind, seq, gone in rooms if gone is None and _is_listed(kind, seq)}
    for user, pk in memberships:
        if pk in closed:
            found[user][pk] = closed[pk]
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
