"""What people do in rooms, below HTTP and sockets."""

import asyncio
import threading
from functools import partial
from typing import Any

import pytest
from django.db import connections
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from chat import services, store
from chat.access import Seen
from chat.models import Membership, ReadMark, Room, RoomKind
from chat.store import Post
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


def test_a_long_body_is_rendered_like_a_short_one(team: Team) -> None:
    short, long = "*hi* ", "*hi* " * 500
    for body in (short, long):
        change = services.post(team.kitchen.pk, team.alice, says(team.kitchen, team.alice).client_id, body, None)
        assert isinstance(change, Post)
        assert change.html.startswith('<p dir="auto"><em>hi</em>')


async def test_rendering_long_bodies_leaves_the_loop_free(team: Team, hub: Any) -> None:
    threads: list[str] = []

    def make(body: str) -> Post:
        threads.append(threading.current_thread().name)
        return says(team.kitchen, team.alice, body)

    for body in ("short", "long " * 200):
        await services.rendered(partial(make, body), body, team.alice)
    assert threads[0] == threading.current_thread().name
    assert threads[1].startswith("rendering")


async def test_nobody_waits_behind_the_many_bodies_of_another(team: Team, hub: Any) -> None:
    begun: list[str] = []

    def make(who: str) -> Post:
        begun.append(who)
        return says(team.kitchen, team.alice)

    async def ask(who: str, user: Any) -> None:
        await services.rendered(partial(make, who), "_[" * 4_000, user)

    many = [asyncio.create_task(ask("bob", team.bob)) for _ in range(20)]
    few = [asyncio.create_task(ask("alice", team.alice)) for _ in range(2)]
    await asyncio.gather(*many, *few)
    assert begun[:4] == ["bob", "alice", "bob", "alice"]
    assert begun[4:] == ["bob"] * 18


async def test_a_bad_body_is_refused_wherever_it_is_rendered(team: Team, hub: Any) -> None:
    for body in ("", "x" * 8_001):
        make = partial(services.edit, team.kitchen.pk, team.alice, 1, body)
        with pytest.raises(CommandError):
            await services.rendered(make, body, team.alice)


async def test_a_read_mark_only_moves_forward_however_many_move_it(team: Team, hub: Any) -> None:
    await in_database(store.apply)([says(team.kitchen, team.alice) for _ in range(30)])
    start = threading.Barrier(4)
    moves: list[int | None] = []

    def read(offset: int) -> None:
        start.wait(30)
        try:
            for seq in range(offset, 31, 4):
                moves.append(services._move_mark(team.bob.pk, team.kitchen.pk, seq))
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
    assert await in_database(services._move_mark)(team.bob.pk, team.kitchen.pk, 31) is None
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
