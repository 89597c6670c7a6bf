"""A small team to test with, and the sockets and browsers that its people use, in this process.

Alice owns the members-only room `attic`, Bob is its other member, Charlie must see nothing of it, Gast is
a guest, Robo a bot. Nobody but people talks in `lobby`; `kitchen` is for all.
"""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from channels.layers import channel_layers
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.db import connections
from django.db.backends.utils import CursorWrapper
from django.test import AsyncClient

from accounts.models import Kind, User
from chat.models import Membership, Room, RoomKind
from chat.presence import current_presence
from chat.store import Post, apply
from chat.writer import current_writer
from config.asgi import application
from realtime.database import in_database
from realtime.hub import Hub, current_hub

Event = dict[str, Any]

#: Seconds that a busy machine may take for what should be at once.
PATIENCE = 10.0
#: Seconds in which what must not come would have come.
QUIET = 0.15
#: Events that come by themselves.
BACKGROUND = frozenset({"hello", "heartbeat", "heads", "presence"})


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
    """Return the change by which `user` says `body`."""
    return Post(room.pk, user.pk, fields.pop("client_id", None) or uuid.uuid4(), body, f"<p>{body}</p>", **fields)


async def signed_in(user: User, **options: Any) -> AsyncClient:
    """Return a browser, as it were, in which `user` is signed in."""
    browser = AsyncClient(**options)
    await browser.aforce_login(user)
    return browser


class Socket:
    """One socket through the whole application. Events nobody has asked for stay in `events`, in their order."""

    def __init__(self, path: str = "/ws/chat/", **headers: str) -> None:
        self.communicator = WebsocketCommunicator(
            application, path, headers=[(name.encode(), value.encode("latin1")) for name, value in headers.items()]
        )
        self.events: list[Event] = []
        self.close_code: int | None = None

    async def open(self) -> Event:
        """Connect; return the first event, which is `hello` or the error that refuses."""
        connected, _ = await self.communicator.connect(timeout=PATIENCE)
        assert connected
        return await self.next(lambda event: True)

    async def close(self) -> None:
        """The line breaks, or the tab closes."""
        if not self.communicator.future.done():
            await self.communicator.disconnect(timeout=PATIENCE)

    async def next(self, fits: Callable[[Event], bool], seconds: float = PATIENCE) -> Event:
        """Return the first event that fits, and forget it."""
        deadline = time.monotonic() + seconds
        while True:
            for event in self.events:
                if fits(event):
                    self.events.remove(event)
                    return event
            left = deadline - time.monotonic()
            if self.close_code is not None or not await self._pull(left):
                raise AssertionError(f"it did not come; closed: {self.close_code}; waiting: {self.events}")

    async def _pull(self, seconds: float) -> bool:
        """Take what the server sends next; False when nothing comes in time."""
        try:
            async with asyncio.timeout(max(0, seconds)):
                sent = await self.communicator.output_queue.get()
        except TimeoutError:
            return False
        if sent["type"] == "websocket.close":
            self.close_code = sent["code"]
        else:
            self.events.append(json.loads(sent["text"]))
        return True

    async def text(self, text: str) -> None:
        await self.communicator.send_to(text_data=text)

    async def command(self, type: str, **fields: Any) -> str:
        """Send a command; return its `ref`."""
        ref = fields.setdefault("ref", uuid.uuid4().hex[:12])
        await self.text(json.dumps({"type": type, **fields}))
        return str(ref)

    async def ask(self, type: str, **fields: Any) -> Event:
        """Send a command and return its reply, an error too."""
        ref = await self.command(type, **fields)
        return await self.next(lambda event: event.get("ref") == ref)

    async def call(self, type: str, **fields: Any) -> Event:
        reply = await self.ask(type, **fields)
        assert reply["type"] != "error", reply
        return reply

    async def say(self, room: str, body: str = "hello", **fields: Any) -> Event:
        return await self.call("send", room=room, id=fields.pop("id", None) or str(uuid.uuid4()), body=body, **fields)

    async def assert_event(self, type: str, seconds: float = PATIENCE, **fields: Any) -> Event:
        return await self.next(
            lambda event: event["type"] == type and all(event.get(name) == value for name, value in fields.items()),
            seconds,
        )

    async def assert_error(self, code: str, type: str, **fields: Any) -> Event:
        """Send a command that must fail with `code`."""
        reply = await self.ask(type, **fields)
        assert (reply["type"], reply["code"]) == ("error", code), reply
        assert reply["detail"].endswith((".", "!")), "an error is a sentence"
        return reply

    async def assert_silence(self, *types: str) -> None:
        """Nothing (or nothing of these types) waits or comes."""
        while await self._pull(QUIET):
            pass
        loud = [
            event for event in self.events if (event["type"] in types if types else event["type"] not in BACKGROUND)
        ]
        assert not loud, self.events
        assert self.close_code is None, f"closed with {self.close_code}: {self.events}"

    async def assert_closed(self, code: int) -> None:
        while self.close_code is None and await self._pull(PATIENCE):
            pass
        assert self.close_code == code, (self.close_code, self.events)


@contextmanager
def queries() -> Iterator[list[str]]:
    """Yield the list of the queries that any thread makes meanwhile."""
    found: list[str] = []
    execute = CursorWrapper.execute

    def noted(self: CursorWrapper, sql: str, params: Any = None) -> Any:
        found.append(sql)
        return execute(self, sql, params)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CursorWrapper, "execute", noted)
        yield found


Connect = Callable[..., Awaitable[Socket]]


async def fill(room: Room, user: User, count: int) -> None:
    """Have `user` say so many things there."""
    await in_database(apply)([says(room, user, f"message {number}") for number in range(1, count + 1)])


async def joined(connect: Connect, who: Any, room: str, **paging: int) -> Socket:
    """Return a socket of `who` that is in `room`."""
    socket = await connect(who)
    await socket.call("join", room=room, **paging)
    return socket


@pytest.fixture
def team(transactional_db: None) -> Team:
    return make_team()


@pytest.fixture
async def hub(transactional_db: None) -> AsyncIterator[Hub]:
    """This loop's hub on a channel layer of its own; with it end the writer and the presence of the loop."""
    channel_layers.backends.clear()
    yield current_hub()
    writer, keeper = current_writer(), current_presence()
    await writer.flush()
    if keeper._task is not None:
        keeper._task.cancel()
    await current_hub().close()
    await asyncio.get_running_loop().run_in_executor(writer._thread, connections.close_all)
    writer._thread.shutdown()
    await in_database(connections.close_all)()


@pytest.fixture
async def connect(hub: Hub) -> AsyncIterator[Connect]:
    """Opens a socket: `await connect(team.bob)`, or with a browser (`signed_in`), or a bot's token."""
    opened: list[Socket] = []

    async def open_socket(who: User | AsyncClient | str | None, path: str = "/ws/chat/", **headers: str) -> Socket:
        browser = await signed_in(who) if isinstance(who, User) else who
        headers = {"host": "testserver", **headers}
        if isinstance(browser, AsyncClient):
            key = browser.cookies[settings.SESSION_COOKIE_NAME].value
            headers = {"origin": "http://testserver", "cookie": f"{settings.SESSION_COOKIE_NAME}={key}", **headers}
        elif browser is not None:
            headers["authorization"] = f"Bearer {browser}"
        socket = Socket(path, **headers)
        opened.append(socket)
        socket.events.append(await socket.open())
        return socket

    yield open_socket
    for socket in opened:
        await socket.close()
