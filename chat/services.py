"""What people do in rooms. Each function reads top to bottom: check, write, tell."""

import asyncio
import re
import secrets
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify

from accounts.models import Kind, User
from accounts.names import clean_name
from chat.commands import BODY_CHARACTERS, SHORT_BODY, check_body, check_emoji
from chat.log import recent, store
from chat.log.pages import Page
from chat.log.store import Applied, Change
from chat.log.writer import current_writer
from chat.models import Membership, Message, ReadMark, Room, RoomKind
from chat.presence.people import People, people
from chat.rooms import access, unread
from chat.rooms.access import Seen, open_room, owned_room
from realtime.database import in_database
from realtime.protocol import CommandError, encode
from realtime.publish import Delivery, Publication, publish, publish_on_commit
from realtime.turns import Turns

#: Topic of what concerns everybody: rooms that come and go.
SITE_TOPIC = "site.rooms"
_rendering = Turns(ThreadPoolExecutor(1, thread_name_prefix="rendering"))


@dataclass(frozen=True, slots=True)
class Entered:
    """What a joining client gets: a page of the log, its read mark, who is there."""

    page: Page
    read: int
    people: People


# Reading


@in_database
def see(user: User, slug: str) -> Seen:
    """Return the room for `user`. Raises CommandError."""
    room = open_room(user, slug)
    return Seen(room.pk, room.slug, room.kind)


async def rooms_of(user: User) -> dict[int, Seen]:
    """Return by id the rooms in the list of `user`."""
    rooms = await access.rooms_in_list(user.pk) or {}
    if not user.is_guest:
        return rooms
    return {pk: room for pk, room in rooms.items() if access.takes_guests(room.kind, room.guests)}


async def enter(user: User, room: Seen, after: int | None, limit: int) -> Entered:
    """Read what a client gets that joins at place `after` (None: it has nothing yet), and is subscribed to the room."""
    entry = await access.entry((room.pk, user.pk))
    if entry is None:
        raise access.no_such_room()
    access.require_open(user, entry.is_open)  # now that the socket is subscribed: it may have ended before
    access.require_guests(user, entry.takes_guests)
    page, there = await asyncio.gather(
        recent.page(room.pk, after, limit, entry.rev), people.get(room.pk, entry.presence_rev)
    )
    return Entered(page, entry.read, there)


# Changing the log: checked here for what needs no database, then by the store, in its transaction


async def _write(change: Change | Awaitable[Change]) -> Applied:
    return await current_writer().submit(change if isinstance(change, Change) else await change)


async def post(room_id: int, user: User, client_id: UUID, body: str, reply_to: int | None) -> Change:
    """Return the change that adds a message. Raises CommandError for a body that cannot be."""
    return store.Post(room_id, user.pk, client_id, body, await _render(body, user), reply_to)


async def edit(
    room_id: int, user: User, seq: int, body: str, base: str | msgspec.UnsetType | None = msgspec.UNSET
) -> Change:
    """Return the change that gives a message another text. `base`: see `store.Edit`. Raises CommandError as `post`."""
    return store.Edit(room_id, user.pk, seq, body, await _render(body, user), base)


async def _render(body: str, user: User) -> str:
    """Return the HTML of `body`; a long one is rendered beside the event loop, in turn. Raises CommandError."""
    if len(body) <= SHORT_BODY or len(body) > BODY_CHARACTERS:
        return check_body(body)
    return await _rendering.run(user.pk, partial(check_body, body))


def delete(room_id: int, user: User, seq: int, *, as_staff: bool = False) -> Change:
    return store.Delete(room_id, user.pk, seq, as_staff)


def react(room_id: int, user: User, seq: int, emoji: str, on: bool) -> Change:
    check_emoji(emoji)
    return store.React(room_id, user.pk, seq, emoji, on)


def acknowledge(room_id: int, user: User, seq: int) -> Change:
    return store.Acknowledge(room_id, user.pk, seq)


def write(change: Change | Awaitable[Change]) -> Applied:
    """Write one change, as the functions above return it, from synchronous code; wait for it. Raises CommandError."""
    return async_to_sync(_write)(change)


# Read marks


async def mark_read(user: User, room: Seen, seq: int, source: str) -> None:
    """Note that `user` has read up to `seq`, and tell the user's other sockets; `source` names this one."""
    moved = await in_database(move_mark)(user.pk, room.pk, seq)
    if moved is not None:
        payload = {"do": "read", "room": room.slug, "seq": moved, "source": source}
        await publish([Publication(f"user.{user.pk}", Delivery.CONTROL, encode(payload))])


def move_mark(user_id: int, room_id: int, seq: int) -> int | None:
    """Move a mark forward, never beyond the last message; return where it is now, None when it was there."""
    with transaction.atomic():
        seq = min(seq, Room.objects.values_list("seq", flat=True).get(pk=room_id))
        mark, _ = ReadMark.objects.get_or_create(room_id=room_id, user_id=user_id)
        return seq if ReadMark.objects.filter(pk=mark.pk, seq__lt=seq).update(seq=seq) else None


async def tell_typing(user: User, room: Seen) -> None:
    event = {"type": "typing", "room": room.slug, "user": user.on_wire()}
    await publish([Publication(store.room_topic(room.pk), Delivery.EPHEMERAL, encode(event))])


# Rooms and members


def create_room(user: User, name: str, *, topic: str = "", members_only: bool = False, guests: bool = False) -> Room:
    """Make a room that `user` owns; its address comes from its name. Raises CommandError."""
    if user.kind != Kind.ACCOUNT:
        raise CommandError("forbidden", "Rooms are made by people with an account.")
    try:
        name = clean_name(name.strip().lstrip("#"))
    except ValueError:
        raise CommandError("invalid", "A room needs a name of 1 to 40 visible characters.") from None
    if len(topic) > 200 or not topic.isprintable():
        raise CommandError("invalid", "A topic is one line of at most 200 characters.")
    slug = slugify(name)[:50] or f"room-{secrets.token_hex(3)}"
    if re.match(r"r-", slug):
        slug = f"room-{slug}"
    kind = RoomKind.MEMBERS if members_only else RoomKind.PUBLIC
    try:
        with transaction.atomic():
            User.objects.select_for_update().get(pk=user.pk)  # one after the other, to be counted
            if Room.objects.filter(owner=user).count() >= settings.ROOMS_PER_PERSON:
                most = settings.ROOMS_PER_PERSON
                raise CommandError("conflict", f"You have made {most} rooms already, and nobody may make more.")
            room = Room.objects.create(slug=slug, name=name, topic=topic, kind=kind, guests=guests, owner=user)
            if members_only:
                Membership.objects.create(room=room, user=user)
            announce_room(room)
    except IntegrityError:
        raise CommandError("conflict", f"There is a room {slug!r} already: choose another name.") from None
    return room


def announce_room(room: Room) -> None:
    """Tell those who may see it that there is a new room."""
    _tell_listed(room, {"do": "room_created", "room": room.slug})


def tell_room(room: Room) -> None:
    """Tell those who have it in their list what a room is called now."""
    shown = {"slug": room.slug, "name": room.name, "topic": room.topic, "kind": room.kind}
    _tell_listed(room, {"do": "room", "id": room.pk, "room": shown})


def _tell_listed(room: Room, payload: dict[str, Any]) -> None:
    """Tell the sockets of those who may have `room` in their list."""
    topics = [SITE_TOPIC]
    if room.kind != RoomKind.PUBLIC:
        topics = [f"user.{user}" for user in Membership.objects.filter(room=room).values_list("user", flat=True)]
    publish_on_commit([Publication(topic, Delivery.CONTROL, encode(payload)) for topic in topics])


def let_guests_in(room: Room, allowed: bool) -> None:
    """Open a room to guests, or have those who are in it leave."""
    with transaction.atomic():
        Room.objects.filter(pk=room.pk).update(guests=allowed)
        room.guests = allowed
        payload = {"do": "room_created" if allowed else "guests_out", "room": room.slug, "id": room.pk}
        publish_on_commit([Publication(SITE_TOPIC, Delivery.CONTROL, encode(payload))])


def grant(owner: User, slug: str, username: str) -> User:
    """Let the person with this user name or unique shown name into the owner's room. Raises CommandError."""
    room = owned_room(owner, slug)
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


def add_member(room: Room, user: User) -> None:
    """Grant a membership and tell the new member's sockets."""
    with transaction.atomic():
        _, is_new = Membership.objects.get_or_create(room=room, user=user)
        if is_new:  # who comes new starts with everything read
            unread.mark_read({(room.pk, user.pk): Room.objects.values_list("seq", flat=True).get(pk=room.pk)})
        payload = encode({"do": "room_created", "room": room.slug})
        publish_on_commit([Publication(f"user.{user.pk}", Delivery.CONTROL, payload)])


def revoke(user: User, slug: str, user_id: int) -> None:
    """Take a member out, as the room's owner or as that member. Raises CommandError."""
    room = open_room(user, slug) if user_id == user.pk else owned_room(user, slug)
    if room.kind == RoomKind.ROULETTE:  # or nobody could tell any more who the partner was that is reported
        raise CommandError("conflict", "A talk is left in roulette itself.")
    if user_id == room.owner_id:
        raise CommandError("conflict", "The owner stays: archive the room instead.")
    if not remove_member(room, user_id):
        raise CommandError("not_found", "This person is not a member.")


def remove_member(room: Room, user_id: int) -> bool:
    """Revoke a membership; live sockets get no event of the room afterwards. Tell whether there was one."""
    with transaction.atomic():
        removed, _ = Membership.objects.filter(room=room, user=user_id).delete()
        tell_removed(room, [user_id])
    return bool(removed)


def tell_removed(room: Room, user_ids: list[int], reason: str = "removed") -> None:
    payload = encode({"do": "removed", "room": room.slug, "id": room.pk, "reason": reason})
    publish_on_commit([Publication(f"user.{user}", Delivery.CONTROL, payload) for user in user_ids])


def archive(room: Room) -> None:
    """Close a room: its log stays readable for those who may, nobody is in it any more."""
    with transaction.atomic():
        Room.objects.filter(pk=room.pk).update(archived_at=timezone.now())
        payload = {"do": "removed", "room": room.slug, "id": room.pk, "reason": "archived"}
        publish_on_commit([Publication(store.room_topic(room.pk), Delivery.CONTROL, encode(payload))])
        _tell_listed(room, payload)


def unarchive(room: Room) -> None:
    """Open an archived room again."""
    with transaction.atomic():
        Room.objects.filter(pk=room.pk).update(archived_at=None)
        announce_room(room)


def purge(room: Room, staff: User) -> int:
    """Delete the text of all messages of a room, one change each, so that it vanishes everywhere; return how many."""
    seqs = Message.objects.filter(room=room, deleted_at=None).order_by("seq").values_list("seq", flat=True)
    return async_to_sync(_delete_all)([store.Delete(room.pk, staff.pk, seq, as_staff=True) for seq in seqs])


async def _delete_all(changes: list[Change]) -> int:
    for start in range(0, len(changes), 1000):
        await asyncio.gather(*[current_writer().submit(change) for change in changes[start : start + 1000]])
    return len(changes)
