"""What people do with messages, below HTTP and sockets."""

import asyncio
import threading
import uuid
from typing import Any

import pytest

from chat.log import messages, store
from chat.log.changes import Post
from chat.models import Room
from realtime.storage.database import in_database
from realtime.wire.protocol import CommandError
from tests.team import Team, says


async def post(team: Team, body: str, user: Any = None) -> Any:
    return await messages.post(team.kitchen.pk, user or team.alice, uuid.uuid4(), body, None)


async def test_a_long_body_is_rendered_like_a_short_one(team: Team) -> None:
    for body in ("*hi* ", "*hi* " * 500):
        change = await post(team, body)
        assert isinstance(change, Post)
        assert change.html.startswith('<p dir="auto"><em>hi</em>')


async def test_rendering_long_bodies_leaves_the_loop_free(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []
    monkeypatch.setattr(messages, "check_body", lambda body: threads.append(threading.current_thread().name))
    for body in ("short", "long " * 200):
        await post(team, body)
    assert threads[0] == threading.current_thread().name
    assert threads[1].startswith("rendering")


async def test_nobody_waits_behind_the_many_bodies_of_another(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []
    monkeypatch.setattr(messages, "check_body", lambda body: begun.append(body[:3]))
    many = [asyncio.create_task(post(team, "bob" * 1_000, team.bob)) for _ in range(20)]
    few = [asyncio.create_task(post(team, "ali" * 1_000, team.alice)) for _ in range(2)]
    await asyncio.gather(*many, *few)
    assert begun[:4] == ["bob", "ali", "bob", "ali"]
    assert begun[4:] == ["bob"] * 18


async def test_a_bad_body_is_refused_wherever_it_is_rendered(team: Team) -> None:
    for body in ("", " " * 1_000, "x" * 8_001):
        with pytest.raises(CommandError):
            await messages.edit(team.kitchen.pk, team.alice, 1, body)


async def test_a_purge_deletes_what_was_said_and_counts_it(team: Team, hub: Any) -> None:
    await in_database(store.apply)([says(team.kitchen, team.alice) for _ in range(12)])
    assert await in_database(messages.purge)(team.kitchen, team.charlie) == 12
    assert await in_database(messages.purge)(team.kitchen, team.charlie) == 0
    room = await Room.objects.aget(pk=team.kitchen.pk)
    assert (room.seq, room.rev) == (12, 24)
