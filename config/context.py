"""What every page's template knows."""

from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from chat.access import visible_rooms
from chat.unread import counts
from dashboard.boards import visible_boards
from realtime.process import build
from realtime.protocol import encode


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the site's name and what the sidebar shows; lists are read when a template asks for them."""
    user = getattr(request, "user", None)
    known = isinstance(user, User)
    return {
        "site_name": settings.SITE_NAME,
        "guests_allowed": settings.GUESTS_ALLOWED,
        "build": build(),
        "me": user.on_wire() if isinstance(user, User) else None,
        "sidebar_rooms": SimpleLazyObject(lambda: _rooms(request)) if known else [],
        "sidebar_boards": SimpleLazyObject(lambda: _boards(request)) if known else [],
    }


def _rooms(request: HttpRequest) -> list[dict[str, Any]]:
    assert isinstance(request.user, User)
    rooms = list(visible_rooms(request.user))
    unread = counts({request.user.pk: [room.pk for room in rooms]})[request.user.pk]
    return [
        {
            "slug": room.slug,
            "name": room.name,
            "topic": room.topic,
            "kind": room.kind,
            "head": encode(asdict(unread[room.pk])),
            "unread": unread[room.pk].unread,
            "active": request.path == room.get_absolute_url(),
        }
        for room in rooms
    ]


def _boards(request: HttpRequest) -> list[dict[str, str]]:
    return list(visible_boards(request.user).values("slug", "title"))  # type: ignore[arg-type]
