"""The rooms that a page's sidebar lists."""

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest

from accounts.models import User
from chat.rooms import direct
from chat.rooms.access import visible_rooms
from chat.rooms.unread import counts
from realtime.wire.protocol import encode


def in_sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the rooms of the person who asks, and how much is unread in each."""
    if not isinstance(request.user, User):
        return []
    rooms = list(visible_rooms(request.user))
    unread = counts({request.user.pk: [room.pk for room in rooms]})[request.user.pk]
    named = direct.shown_to(request.user, rooms)
    return [
        {
            "slug": room.slug,
            "name": named[room.pk]["name"] if room.pk in named else room.name,
            "topic": room.topic,
            "kind": room.kind,
            "head": encode(asdict(unread[room.pk])),
            "unread": unread[room.pk].unread,
            "active": request.path == room.get_absolute_url(),
        }
        for room in rooms
    ]
