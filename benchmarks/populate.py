"""Fills a database for a run, in Django's context: people with sessions, and rooms."""

import json
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import get_random_string

from accounts.models import Kind, User
from boards.models import Board, Widget
from chat.models import Membership, Room, RoomKind
from streams.models import Stream

ROOM_OF = 5


def populate(people: int, small_rooms: int, streams: int) -> None:
    """Make signed-in guests, rooms, and a board; print the guests' cookies as JSON.

    Everybody may be in the room `bench`. The room `small-<n>` has five members, the people from number 5n on. The board
    `bench` has a tile for each of the streams `bench-00` and so on.
    """
    users = []
    for number in range(people):
        user = User(username=f"guest-bench-{number}", name=f"Guest {number}", kind=Kind.GUEST)
        user.set_unusable_password()
        users.append(user)
    User.objects.bulk_create(users)
    store, sessions, cookies = SessionStore(), [], []
    for user in users:
        content = {
            SESSION_KEY: str(user.pk),
            BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
            HASH_SESSION_KEY: user.get_session_auth_hash(),
        }
        key = get_random_string(32)
        until = timezone.now() + timedelta(days=1)
        sessions.append(Session(session_key=key, session_data=store.encode(content), expire_date=until))
        cookies.append(f"{settings.SESSION_COOKIE_NAME}={key}")
    Session.objects.bulk_create(sessions)
    Room.objects.create(slug="bench", name="bench", guests=True)
    rooms = [Room(slug=f"small-{n}", name=f"small {n}", kind=RoomKind.MEMBERS) for n in range(small_rooms)]
    Room.objects.bulk_create(rooms)
    Membership.objects.bulk_create(
        Membership(room=room, user=user)
        for n, room in enumerate(rooms)
        for user in users[ROOM_OF * n : ROOM_OF * (n + 1)]
    )
    board = Board.objects.create(slug="bench", title="bench", guests=True)
    for number in range(streams):
        stream = Stream.objects.create(slug=f"bench-{number:02}", label=f"Stream {number}")
        Widget.objects.create(board=board, type=Widget.Type.NUMBER, position=number).streams.add(stream)
    print(json.dumps(cookies))
