"""Who may see and use which room."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from accounts.models import User
from chat.models import Membership, Room, RoomKind
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
        raise CommandError("not_found", "There is no such room.")
    if room.kind != RoomKind.PUBLIC and not Membership.objects.filter(room=room, user=user).exists():
        raise CommandError("forbidden", "You are not a member of this room.")
    if not user.is_active:
        raise CommandError("forbidden", "This account is closed.")
    return room


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
