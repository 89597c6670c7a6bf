"""The pages of chat."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.models import User
from chat.api import page_of
from chat.commands import BODY_CHARACTERS
from chat.models import RoomKind
from chat.rooms.access import open_room
from chat.rooms.rooms import create_room
from realtime.wire.protocol import CommandError


def page_config(request: HttpRequest, **more: Any) -> dict[str, Any]:
    """Return what a page's scripts need to know."""
    assert isinstance(request.user, User)
    return {
        "me": request.user.on_wire(),
        "bodyCharacters": BODY_CHARACTERS,
        "heartbeat": settings.HEARTBEAT,
        **more,
    }


@login_required
def room(request: HttpRequest, slug: str) -> HttpResponse:
    assert isinstance(request.user, User)
    try:
        found = open_room(request.user, slug)
    except CommandError as error:
        status = 404 if error.code == "not_found" else 403
        return render(request, f"{status}.html", {"detail": error.detail}, status=status)
    if found.kind == RoomKind.ROULETTE:
        return redirect("roulette")
    shown = page_of(found, request.user)
    config = page_config(request, **shown, joinedRooms=settings.JOINED_ROOMS)
    return render(request, "chat/room.html", {"room": shown["room"], "config": config})


@login_required
def room_create(request: HttpRequest) -> HttpResponse:
    """The page to make a room. (The home page lists the rooms.)"""
    assert isinstance(request.user, User)
    if request.method != "POST":
        return redirect("home")
    try:
        made = create_room(
            request.user,
            request.POST.get("name", ""),
            topic=request.POST.get("topic", ""),
            members_only=request.POST.get("members_only") == "on",
            guests=request.POST.get("guests") == "on",
        )
    except CommandError as error:
        messages.error(request, error.detail)
        return redirect("home")
    return redirect(made)
