"""Adding members to a room, and removing them."""

from django.db import transaction

from accounts.models import Kind, User
from chat.models import Membership, Room, RoomKind
from chat.rooms import unread
from chat.rooms.access import open_room, owned_room
from realtime.delivery.publish import Delivery, Publication, publish_on_commit
from realtime.wire.protocol import CommandError, encode


def grant(owner: User, slug: str, username: str) -> User:
    """Add the person with this user name, or unique shown name, to the owner's room. Raises CommandError."""
    room = owned_room(owner, slug)
    if room.kind == RoomKind.DIRECT:
        raise _fixed()
    if room.kind != RoomKind.MEMBERS:
        raise CommandError("conflict", "Everybody may be in this room: it is public.")
    people = User.objects.filter(is_active=True).exclude(kind=Kind.GUEST)
    found = list(people.filter(username__iexact=username)[:1]) or list(people.filter(name__iexact=username)[:2])
    if len(found) > 1:
        raise CommandError("conflict", f"Several accounts are called {username!r}: give the user name.")
    if not found:
        raise CommandError("not_found", f"There is no account {username!r}. Guests cannot be members.")
    add_member(room, found[0])
    return found[0]


def _fixed() -> CommandError:
    return CommandError("conflict", "The people of a direct room stay the same: open one with others instead.")


def add_member(room: Room, user: User) -> None:
    """Grant a membership and tell the new member's sockets."""
    with transaction.atomic():
        _, is_new = Membership.objects.get_or_create(room=room, user=user)
        if is_new:  # for a new member everything so far counts as read
            unread.mark_read({(room.pk, user.pk): Room.objects.values_list("seq", flat=True).get(pk=room.pk)})
        payload = encode({"do": "room_created", "room": room.slug})
        publish_on_commit([Publication(f"user.{user.pk}", Delivery.CONTROL, payload)])


def revoke(user: User, slug: str, user_id: int) -> None:
    """Remove a member, as the room's owner or as that member. Raises CommandError."""
    room = open_room(user, slug) if user_id == user.pk else owned_room(user, slug)
    if room.kind == RoomKind.ROULETTE:  # the members of a talk stay, so that a report still names the partner
        raise CommandError("conflict", "A talk is left in roulette itself.")
    if room.kind == RoomKind.DIRECT:
        raise _fixed()
    if user_id == room.owner_id:
        raise CommandError("conflict", "The owner stays: archive the room instead.")
    if not remove_member(room, user_id):
        raise CommandError("not_found", "This person is not a member.")


def remove_member(room: Room, user_id: int) -> bool:
    """Revoke a membership; afterwards live sockets get no event of the room. Return whether there was one."""
    with transaction.atomic():
        removed, _ = Membership.objects.filter(room=room, user=user_id).delete()
        tell_removed(room, [user_id])
    return bool(removed)


def tell_removed(room: Room, user_ids: list[int], reason: str = "removed") -> None:
    payload = encode({"do": "removed", "room": room.slug, "id": room.pk, "reason": reason})
    publish_on_commit([Publication(f"user.{user}", Delivery.CONTROL, payload) for user in user_ids])
