"""What people do in rooms, below HTTP and sockets."""

import asyncio
import threading
import uuid
from typing import Any

import pytest
from django.db import connections
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from chat import services
from chat.log import store
from chat.log.store import Post
from chat.models import Membership, ReadMark, Room, RoomKind
from chat.rooms.access import Seen
from realtime.database import in_database
from realtime.protocol import CommandError
from realtime.publish import Delivery, Publication
from tests.team import Team, says


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Publication]:
    """What is told once a transaction commits."""
    found: list[Publication] = []
    monkeypatch.setattr(services, "publish_on_commit", found.extend)
    return found


@given(name=st.text(max_size=45) | st.sampled_from(["#", "r-1", "R-1", "---", "é", "a" * 40]))
@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_room_of_any_name_has_an_address_of_its_own_or_there_is_a_sentence(
    team: Team, told: list[Publication], name: str
) -> None:
    room, code = None, ""
    try:
        room = services.create_room(team.alice, name)
    except CommandError as error:
        code = error.code
    if room is None:
        assert code in ("invalid", "conflict")
        return
    assert 1 <= len(room.slug) <= 64
    assert room.slug.replace("-", "").replace("_", "").isalnum()
    assert room.slug.isascii()
    assert not room.slug.startswith("r-")
    room.delete()


def test_a_new_room_is_told_to_those_who_may_see_it(team: Team, told: list[Publication]) -> None:
    services.create_room(team.alice, "Garden")
    services.create_room(team.alice, "Cellar", members_only=True)
    services.announce_room(Room.objects.create(slug="ownerless", kind=RoomKind.MEMBERS))
    assert [(each.topic, each.delivery) for each in told] == [
        (services.SITE_TOPIC, Delivery.CONTROL),
        (f"user.{team.alice.pk}", Delivery.CONTROL),
    ]


def test_a_name_that_is_taken_leaves_nothing_behind(team: Team, told: list[Publication]) -> None:
    with pytest.raises(CommandError) as caught:
        services.create_room(team.alice, "Kitchen", members_only=True)
    assert caught.value.code == "conflict"
    assert (Room.objects.count(), Membership.objects.count(), told) == (3, 2, [])


async def post(team: Team, body: str, user: Any = None) -> Any:
    return await services.post(team.kitchen.pk, user or team.alice, uuid.uuid4(), body, None)


async def test_a_long_body_is_rendered_like_a_short_one(team: Team) -> None:
    for body in ("*hi* ", "*hi* " * 500):
        change = await post(team, body)
        assert isinstance(change, Post)
        assert change.html.startswith('<p dir="auto"><em>hi</em>')


async def test_rendering_long_bodies_leaves_the_loop_free(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []
    monkeypatch.setattr(services, "check_body", lambda body: threads.append(threading.current_thread().name))
    for body in ("short", "long " * 200):
        await post(team, body)
    assert threads[0] == threading.current_thread().name
    assert threads[1].startswith("rendering")


async def test_nobody_waits_behind_the_many_bodies_of_another(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []
    monkeypatch.setattr(services, "check_body", lambda body: begun.append(body[:3]))
    many = [asyncio.create_task(post(team, "bob" * 1_000, team.bob)) for _ in range(20)]
    few = [asyncio.create_task(post(team, "ali" * 1_000, team.alice)) for _ in range(2)]
    await asyncio.gather(*many, *few)
    assert begun[:4] == ["bob", "ali", "bob", "ali"]
    assert begun[4:] == ["bob"] * 18


async def test_a_bad_body_is_refused_wherever_it_is_rendered(team: Team) -> None:
    for body in ("", " " * 1_000, "x" * 8_001):
        with pytest.raises(CommandError):
            await services.edit(team.kitchen.pk, team.alice, 1, body)


async def test_a_read_mark_only_moves_forward_however_many_move_it(team: Team, hub: Any) -> None:
    await in_database(store.apply)([says(team.kitchen, team.alice) for _ in range(30)])
    start = threading.Barrier(4)
    moves: list[int | None] = []

    def read(offset: int) -> None:
        start.wait(30)
        try:
            for seq in range(offset, 31, 4):
                moves.append(services.move_mark(team.bob.pk, team.kitchen.pk, seq))
        finally:
            connections.close_all()

    def run() -> None:
        threads = [threading.Thread(target=read, args=(offset,)) for offset in range(1, 5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

    await in_database(run)()
    assert len(moves) == 30
    assert (await ReadMark.objects.aget()).seq == 30
    assert await in_database(services.move_mark)(team.bob.pk, team.kitchen.pk, 31) is None
    await services.mark_read(team.bob, Seen(team.kitchen.pk, "kitchen", "public"), 5, "socket")
    assert (await ReadMark.objects.aget()).seq == 30


async def test_a_purge_deletes_what_was_said_and_counts_it(team: Team, hub: Any) -> None:
    await in_database(store.apply)([says(team.kitchen, team.alice) for _ in range(12)])
    assert await in_database(services.purge)(team.kitchen, team.charlie) == 12
    assert await in_database(services.purge)(team.kitchen, team.charlie) == 0
    room = await Room.objects.aget(pk=team.kitchen.pk)
    assert (room.seq, room.rev) == (12, 24)


def test_a_person_makes_a_bounded_number_of_rooms(team: Team, told: list[Publication], settings: Any) -> None:
    settings.ROOMS_PER_PERSON = Room.objects.filter(owner=team.alice).count() + 1
    services.create_room(team.alice, "One more")
    with pytest.raises(CommandError, match="nobody may make more") as refused:
        services.create_room(team.alice, "Too many")
    assert refused.value.code == "conflict"
    services.create_room(team.bob, "Of another person")
