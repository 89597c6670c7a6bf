"""A small team for tests, with the sockets and browsers of its people, in this process.

Alice owns the members-only room `attic`; Bob is its other member; Charlie must see nothing of it. Gast is a guest, Robo
a bot. In `lobby` bots may not talk; `kitchen` is for all.
"""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from channels.layers import channel_layers
from django.conf import settings
from django.db import connections
from django.db.backends.utils import CursorWrapper
from django.test import AsyncClient

from accounts.models import Kind, User
from chat.log.changes import Post
from chat.log.store import apply
from chat.log.writer import current_writer
from chat.models import Membership, Room, RoomKind
from chat.presence.connections import current_presence
from config.asgi import application
from harness.asgi_client import AsgiClient
from realtime.delivery.hub import Hub, current_hub
from realtime.storage.database import in_database


@dataclass(frozen=True)
class Team:
    alice: User
    bob: User
    charlie: User
    gast: User
    robo: User
    token: str
    lobby: Room
    kitchen: Room
    attic: Room


def make_team() -> Team:
    alice, bob, charlie = (
        User.objects.create(username=name.lower(), name=name, kind=Kind.ACCOUNT) for name in ("Alice", "Bob", "Charlie")
    )
    robo, token = User.objects.create_bot("Robo")
    attic = Room.objects.create(slug="attic", name="attic", kind=RoomKind.MEMBERS, owner=alice)
    Membership.objects.bulk_create([Membership(room=attic, user=user) for user in (alice, bob)])
    return Team(
        alice,
        bob,
        charlie,
        User.objects.create_guest("Gast"),
        robo,
        token,
        Room.objects.create(slug="lobby", name="lobby", people_only=True, guests=True),
        Room.objects.create(slug="kitchen", name="kitchen", guests=True),
        attic,
    )


def says(room: Room, user: User, body: str = "hello", **fields: Any) -> Post:
    """Return the change that posts `body` as `user`."""
    return Post(room.pk, user.pk, fields.pop("client_id", None) or uuid.uuid4(), body, f"<p>{body}</p>", **fields)


async def signed_in(user: User, **options: Any) -> AsyncClient:
    """Return a test client in which `user` is signed in."""
    browser = AsyncClient(**options)
    await browser.aforce_login(user)
    return browser


@contextmanager
def queries() -> Iterator[list[str]]:
    """Yield the list of queries that all threads make meanwhile."""
    found: list[str] = []
    execute = CursorWrapper.execute

    def noted(self: CursorWrapper, sql: str, params: Any = None) -> Any:
        found.append(sql)
        return execute(self, sql, params)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CursorWrapper, "execute", noted)
        yield found


Connect = Callable[..., Awaitable[AsgiClient]]


async def fill(room: Room, user: User, count: int) -> None:
    """Post `count` messages as `user`."""
    await in_database(apply)([says(room, user, f"message {number}") for number in range(1, count + 1)])


async def joined(connect: Connect, who: Any, room: str, **paging: int) -> AsgiClient:
    """Return a socket of `who` that is in `room`."""
    socket = await connect(who)
    await socket.call("join", room=room, **paging)
    return socket


@pytest.fixture
def team(transactional_db: None) -> Team:
    return make_team()


@pytest.fixture
async def hub(transactional_db: None) -> AsyncIterator[Hub]:
    """This loop's hub on a new channel layer. At the end, the loop's writer and presence end, too."""
    channel_layers.backends.clear()
    yield current_hub()
    writer = current_writer()
    await writer.flush()
    await current_presence().close()
    await current_hub().close()
    await writer.close()
    await in_database(connections.close_all)()


@pytest.fixture
async def connect(hub: Hub) -> AsyncIterator[Connect]:
    """Opens a socket: `await connect(team.bob)`, or with a browser (`signed_in`), or a bot's token."""
    opened: list[AsgiClient] = []

    async def open_socket(who: User | AsyncClient | str | None, path: str = "/ws/chat/", **headers: str) -> AsgiClient:
        browser = await signed_in(who) if isinstance(who, User) else who
        headers = {"host": "testserver", **headers}
        if isinstance(browser, AsyncClient):
            key = browser.cookies[settings.SESSION_COOKIE_NAME].value
            headers = {"origin": "http://testserver", "cookie": f"{settings.SESSION_COOKIE_NAME}={key}", **headers}
        elif browser is not None:
            headers["authorization"] = f"Bearer {browser}"
        socket = AsgiClient(application, path, headers)
        opened.append(socket)
        socket.events.append(await socket.open())
        return socket

    yield open_socket
    for socket in opened:
        await socket.close()
