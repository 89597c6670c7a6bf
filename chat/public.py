"""What of chat the boards may call, and nothing else: its numbers, and cards of alerts."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Kind, User
from chat import services
from chat.access import no_such_room
from chat.models import Membership, Message, Room, RoomKind
from chat.presence import alive_rows
from chat.store import Card
from chat.writer import current_writer
from realtime.database import in_database
from realtime.markdown import render

#: The user name of the bot that posts cards; no person can have one that begins so.
BOT = "bot-alerts"


@in_database
def people_online() -> int:
    """Return how many people are in rooms now, over all processes."""
    return alive_rows().values("user").distinct().count()


@in_database
def messages_last_minute() -> int:
    """Return how many messages were sent in the last 60 seconds."""
    return Message.objects.filter(at__gt=Now() - timedelta(minutes=1)).count()


def rooms_for_cards() -> list[tuple[str, str]]:
    """Return address and name of the rooms in which there may be cards: open ones in which bots talk."""
    rooms = Room.objects.filter(Q(kind=RoomKind.PUBLIC) | Q(kind=RoomKind.MEMBERS), archived_at=None, people_only=False)
    return list(rooms.order_by("slug").values_list("slug", "name"))


def let_cards_in(slug: str) -> None:
    """Make the bot a member of a members-only room. Its owner may take it out again, as any member."""
    room = Room.objects.filter(slug=slug, kind=RoomKind.MEMBERS).first()
    if room is not None and not Membership.objects.filter(room=room, user=_bot()).exists():
        services.add_member(room, _bot())


async def put_card(slug: str, client_id: UUID, body: str, alert: dict[str, Any]) -> None:
    """Have room `slug` show the card `client_id` as `alert` (docs/protocol.md) says, or newer, exactly once.

    `body` (markdown) is what clients show that know no cards. Again with the same or an older `alert["version"]`
    changes nothing. Raises CommandError when the room takes none.
    """
    room_id, bot_id = await _find(slug)
    await current_writer().submit(Card(room_id, bot_id, client_id, body, render(body), alert=alert))


@in_database
def _find(slug: str) -> tuple[int, int]:
    room = Room.objects.filter(slug=slug).exclude(kind=RoomKind.ROULETTE).values_list("pk", flat=True).first()
    if room is None:
        raise no_such_room()
    return room, _bot().pk


def _bot() -> User:
    bot, made = User.objects.get_or_create(username=BOT, defaults={"name": "alerts", "kind": Kind.BOT})
    if made:
        bot.set_unusable_password()
        bot.save(update_fields=["password"])
    return bot
