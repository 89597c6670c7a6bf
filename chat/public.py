"""The part of chat that boards may call, and no other: numbers, windows into rooms, and cards of alerts."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models.functions import Now

from accounts.models import Kind, User
from chat.log import recent
from chat.log.changes import Card
from chat.log.pages import Page
from chat.log.writer import current_writer
from chat.models import Membership, Message, Room, RoomKind
from chat.presence.connections import alive_rows
from chat.rooms.access import no_such_room
from chat.rooms.members import add_member
from chat.topics import room_topic
from realtime.storage.database import in_database
from realtime.storage.gather import gathered
from realtime.wire.protocol import CommandError
from web.markdown import render

#: The user name of the bot that posts cards. No person's name can begin like this.
BOT = "bot-alerts"
#: Rooms that walls and alerts may use: not those of a few people.
TO_PROGRAMS: Final = (RoomKind.PUBLIC, RoomKind.MEMBERS)


@in_database
def people_online() -> int:
    """Return how many people are in rooms now, over all processes."""
    return alive_rows().values("user").distinct().count()


@in_database
def messages_last_minute() -> int:
    """Return how many messages were sent in the last 60 seconds."""
    return Message.objects.filter(at__gt=Now() - timedelta(minutes=1)).count()


@dataclass(frozen=True, slots=True)
class Window:
    """A public room, seen from outside. `topic`: where its log is published. `rev`: the newest change of its log."""

    room: int
    topic: str
    rev: int


async def window(slug: str) -> Window:
    """Return the room. Raises CommandError when not everybody may look into it."""
    found = await _rooms(slug)
    if found is None:
        raise no_such_room()
    pk, rev, kind, archived_at = found
    if kind != RoomKind.PUBLIC:
        raise CommandError("forbidden", "Only public rooms are shown here.")
    if archived_at is not None:
        raise CommandError("forbidden", "This room is archived.")
    return Window(pk, room_topic(pk), rev)


async def newest_messages(window: Window, limit: int) -> Page:
    """Return the newest messages of a room. The caller must have subscribed to it before `window` was read."""
    return await recent.page(window.room, None, limit, window.rev)


@gathered
@in_database
def _rooms(slugs: Collection[str]) -> dict[str, tuple[int, int, str, datetime | None]]:
    rooms = Room.objects.filter(slug__in=slugs, kind__in=TO_PROGRAMS)
    return {room.slug: (room.pk, room.rev, room.kind, room.archived_at) for room in rooms}


def rooms_for_cards() -> list[tuple[str, str]]:
    """Return address and name of the rooms that take cards: rooms that are not archived and allow bots."""
    rooms = Room.objects.filter(kind__in=TO_PROGRAMS, archived_at=None, people_only=False)
    return list(rooms.order_by("slug").values_list("slug", "name"))


def let_cards_in(slug: str) -> None:
    """Make the bot a member of a members-only room. The owner may remove it like any member."""
    room = Room.objects.filter(slug=slug, kind=RoomKind.MEMBERS).first()
    if room is not None and not Membership.objects.filter(room=room, user=_bot()).exists():
        add_member(room, _bot())


async def put_card(slug: str, client_id: UUID, body: str, alert: dict[str, Any]) -> None:
    """Make room `slug` show the card `client_id`, exactly once, with `alert` (docs/protocol.md) or a newer version.

    A repeated call with the same or an older `alert["version"]` changes nothing. `body` (markdown) is for clients that
    show no cards. Raises CommandError when the room takes no cards.
    """
    room_id, bot_id = await _find(slug)
    await current_writer().submit(Card(room_id, bot_id, client_id, body, render(body), alert=alert))


@in_database
def _find(slug: str) -> tuple[int, int]:
    room = Room.objects.filter(slug=slug, kind__in=TO_PROGRAMS).values_list("pk", flat=True).first()
    if room is None:
        raise no_such_room()
    return room, _bot().pk


def _bot() -> User:
    bot, made = User.objects.get_or_create(username=BOT, defaults={"name": "alerts", "kind": Kind.BOT})
    if made:
        bot.set_unusable_password()
        bot.save(update_fields=["password"])
    return bot
