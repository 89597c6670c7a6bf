"""Streams, boards and readings for tests, and the fixtures that streams, boards, walls and alerts share."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from channels.layers import channel_layers
from django.conf import settings
from django.test import Client

from accounts.models import User
from boards.models import Board
from config.asgi import application
from harness.asgi_client import AsgiClient
from harness.client import Event
from realtime.delivery.hub import Hub, current_hub
from realtime.delivery.publish import Publication
from streams.models import ProducerLease, Stream
from streams.producers import registry
from streams.producers.registry import Producer
from streams.store import StreamReading
from streams.values import Reading

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def seconds(number: float) -> datetime:
    """Return the time this many seconds after the start."""
    return START + timedelta(seconds=number)


def pushed_stream(slug: str = "orders", **fields: Any) -> Stream:
    return Stream.objects.create(slug=slug, **fields)


def produced_stream(slug: str = "cpu", **fields: Any) -> Stream:
    """Return a stream whose producer's lease is free."""
    stream = Stream.objects.create(slug=slug, state="unknown", **fields)
    ProducerLease.objects.create(stream=stream, expires_at=START)
    return stream


def board_of(*streams: Stream, slug: str = "ops", type: str = "number", **fields: Any) -> Board:
    """Return a board with a tile for each of `streams`."""
    board = Board.objects.create(slug=slug, title=slug.title(), guests=True)
    for position, stream in enumerate(streams):
        board.widgets.create(type=type, position=position, **fields).streams.add(stream)
    return board


def reading(stream: Stream, value: Any = None, at: float = 0, token: int = 0, **fields: Any) -> StreamReading:
    return StreamReading(stream.pk, token, Reading(seconds(at), value, **fields))


@pytest.fixture
def no_producers() -> Iterator[dict[str, Producer]]:
    """An empty registry during a test."""
    registry.all_producers()
    kept = dict(registry.by_slug)
    registry.by_slug.clear()
    yield registry.by_slug
    registry.by_slug.clear()
    registry.by_slug.update(kept)


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[Publication]:
    """What the worker and its writer publish; it goes nowhere else."""
    heard: list[Publication] = []

    async def hear(publications: Any) -> bool:
        heard.extend(publications)
        return True

    for module in ("worker", "writer"):
        monkeypatch.setattr(f"streams.producing.{module}.publish", hear)
    return heard


class Viewer(AsgiClient):
    """Somebody at a screen: a socket through the whole application, in this process."""

    background = frozenset({"heartbeat"})

    def __init__(self, user: User | None) -> None:
        super().__init__(application)
        self.user = user

    async def open_path(self, path: str, screen: str = "", bearer: str = "") -> Event:
        """Connect and return the first event.

        `screen`: a link's token sent like a page; `bearer`: sent like a program.
        """
        headers = {"host": "testserver", "origin": "http://testserver"}
        if bearer:
            headers = {"host": "testserver", "authorization": f"Bearer {bearer}"}
        if self.user is not None:
            browser = Client()
            await browser.aforce_login(self.user)
            headers["cookie"] = f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"
        self.ask_for(path, headers, ["switchboard", screen] if screen else [])
        event = await self.open()
        assert self.subprotocol == ("switchboard" if screen else None), (
            "or a browser hangs up; and a token is not said aloud"
        )
        return event

    async def show(self, slug: str) -> Event:
        """Connect to a board and return its snapshot."""
        assert (await self.open_path(f"/ws/boards/{slug}/"))["type"] == "hello"
        return await self.assert_next(type="snapshot")


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    """This loop's hub on a channel layer of its own."""
    channel_layers.backends.clear()
    yield current_hub()
    await current_hub().close()


@pytest.fixture
async def viewer(hub: Hub) -> AsyncIterator[Callable[..., Awaitable[Viewer]]]:
    """Returns a viewer: `await viewer("Ada")` is a guest; `""` is not signed in."""
    made: list[Viewer] = []

    def make(name: str = "Ada") -> Viewer:
        made.append(Viewer(User.objects.create_guest(name) if name else None))
        return made[-1]

    yield sync_to_async(make)
    for each in made:
        await each.close()


async def in_thread(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call synchronous code that uses the database."""
    return await database_sync_to_async(function)(*args, **kwargs)
