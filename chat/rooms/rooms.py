"""Making, changing and archiving rooms. Each function reads top to bottom: check, write, publish."""

import re
import secrets
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify

from accounts.models import Kind, User
from accounts.people.names import clean_name
from chat.models import Membership, Room, RoomKind
from chat.topics import SITE_TOPIC, room_topic
from realtime.delivery.publish import Delivery, Publication, publish_on_commit
from realtime.wire.protocol import CommandError, encode


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
            User.objects.select_for_update().get(pk=user.pk)  # one at a time, so that the count is right
            if Room.objects.filter(owner=user).exclude(kind=RoomKind.DIRECT).count() >= settings.ROOMS_PER_PERSON:
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
    """Tell the people who may see it about a new room."""
    _tell_listed(room, {"do": "room_created", "room": room.slug})


def tell_room(room: Room) -> None:
    """Tell the people who have it in their list the new name of a room."""
    shown = {"slug": room.slug, "name": room.name, "topic": room.topic, "kind": room.kind}
    _tell_listed(room, {"do": "room", "id": room.pk, "room": shown})


def _tell_listed(room: Room, payload: dict[str, Any]) -> None:
    """Publish to the people who may have `room` in their list."""
    topics = [SITE_TOPIC]
    if room.kind != RoomKind.PUBLIC:
        topics = [f"user.{user}" for user in Membership.objects.filter(room=room).values_list("user", flat=True)]
    publish_on_commit([Publication(topic, Delivery.CONTROL, encode(payload)) for topic in topics])


def let_guests_in(room: Room, allowed: bool) -> None:
    """Open a room to guests; or close it to them, which makes those in it leave."""
    with transaction.atomic():
        Room.objects.filter(pk=room.pk).update(guests=allowed)
        room.guests = allowed
        payload = {"do": "room_created" if allowed else "guests_out", "room": room.slug, "id": room.pk}
        publish_on_commit([Publication(SITE_TOPIC, Delivery.CONTROL, encode(payload))])


def archive(room: Room) -> None:
    """Close a room. Its log stays readable for people who may see it, but nobody can be in it."""
    with transaction.atomic():
        Room.objects.filter(pk=room.pk).update(archived_at=timezone.now())
        payload = {"do": "removed", "room": room.slug, "id": room.pk, "reason": "archived"}
        publish_on_commit([Publication(room_topic(room.pk), Delivery.CONTROL, encode(payload))])
        _tell_listed(room, payload)


def unarchive(room: Room) -> None:
    """Open an archived room again."""
    with transaction.atomic():
        Room.objects.filter(pk=room.pk).update(archived_at=None)
        announce_room(room)
