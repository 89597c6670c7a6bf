"""Who may post, edit and delete in a room. The store asks, in the transaction of the change."""

from typing import Protocol

from accounts.models import Kind
from chat.log.changes import Change, Delete, Edit
from chat.models import Message, Room, RoomKind
from chat.rooms.access import takes_guests
from realtime.wire.protocol import CommandError


class Actor(Protocol):
    """As much of a user as permissions ask for."""

    @property
    def kind(self) -> str: ...
    @property
    def is_active(self) -> bool: ...


def account_closed() -> CommandError:
    return CommandError("forbidden", "This account is closed.")


def _is_from_staff(change: Change) -> bool:
    return isinstance(change, Delete) and change.as_staff


def require_in_room(change: Change, room: Room, actor: Actor, *, is_member: bool) -> None:
    """Raise CommandError `forbidden` unless `actor` may be in `room`. Staff deletes anywhere."""
    if not actor.is_active:
        raise account_closed()
    if _is_from_staff(change):
        return
    if room.kind != RoomKind.PUBLIC and not is_member:
        raise CommandError("forbidden", "You are not a member of this room.")
    if actor.kind == Kind.GUEST and not takes_guests(room.kind, room.guests):
        raise CommandError("forbidden", "This room is not open to guests.")


def require_writable(change: Change, room: Room, actor: Actor) -> None:
    """Raise CommandError `forbidden` when `actor` may add or change nothing in `room`."""
    if _is_from_staff(change):
        return
    if room.archived_at is not None:
        raise CommandError("forbidden", "This room is archived: it can only be read.")
    if room.people_only and actor.kind == Kind.BOT:
        raise CommandError("forbidden", "Only people talk in this room.")


def require_may_change(change: Edit | Delete, room: Room, message: Message) -> None:
    """Raise CommandError `forbidden` unless the actor sent `message`, or is staff and deletes it."""
    if _is_from_staff(change):
        return
    if message.sender_id != change.actor_id:
        raise CommandError("forbidden", "Only your own messages can be changed.")
    if room.kind == RoomKind.ROULETTE:  # reports need it as proof
        raise CommandError("forbidden", "In roulette, what is said stands.")
