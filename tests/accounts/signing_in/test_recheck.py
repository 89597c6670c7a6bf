"""Changes whose event was lost are found in the database."""

import asyncio
from collections.abc import Collection
from typing import Any

import pytest
from django.contrib.sessions.models import Session

from accounts.models import User
from accounts.signing_in import recheck
from accounts.signing_in.recheck import recheck_sign_ins
from realtime.consumers import SocketConsumer
from realtime.delivery.hub import Hub
from realtime.storage.database import in_database
from tests.team import Connect, Team, signed_in


async def test_good_sign_ins_are_left_alone(team: Team, connect: Connect, hub: Hub) -> None:
    sockets = [await connect(team.alice), await connect(team.gast), await connect(team.token)]
    sockets.append(await connect(None, "/ws/echo/"))
    await recheck_sign_ins(hub.connections)
    for socket in sockets:
        await socket.assert_silence("error")


async def test_a_session_that_is_gone_closes_its_sockets(team: Team, connect: Connect, hub: Hub) -> None:
    here, elsewhere = await signed_in(team.alice), await signed_in(team.alice)
    socket, other = await connect(here), await connect(elsewhere)
    await Session.objects.filter(pk=here.cookies["sessionid"].value).adelete()
    await recheck_sign_ins(hub.connections)
    await socket.assert_closed(4401)
    assert (await other.call("ping"))["type"] == "pong"


async def test_a_new_password_ends_the_sockets_of_the_old_one(team: Team, connect: Connect, hub: Hub) -> None:
    socket = await connect(team.alice)
    await User.objects.filter(pk=team.alice.pk).aupdate(password="!a hash that the wire does not tell")
    await recheck_sign_ins(hub.connections)
    await socket.assert_closed(4401)


async def test_a_closed_account_closes_its_sockets_a_bots_too(team: Team, connect: Connect, hub: Hub) -> None:
    sockets = [await connect(team.gast), await connect(team.token)]
    await User.objects.filter(pk__in=[team.gast.pk, team.robo.pk]).aupdate(is_active=False)
    await recheck_sign_ins(hub.connections)
    for socket in sockets:
        await socket.assert_closed(4403)


async def test_it_asks_as_often_for_many_as_for_one(
    team: Team, connect: Connect, hub: Hub, django_assert_num_queries: Any
) -> None:
    for user in (team.alice, team.alice, team.bob, team.gast):
        await connect(user)
    sockets = list(hub.connections)

    def count() -> None:
        with django_assert_num_queries(2):
            recheck.lapsed.__wrapped__({(each.user.pk, each.scope["session"]) for each in sockets})  # type: ignore[attr-defined]

    await in_database(count)()


async def test_many_are_looked_at_a_few_at_a_time(
    team: Team, connect: Connect, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("EVERY", "EVERY_NEW"):
        monkeypatch.setattr(recheck, name, 0.01)
    monkeypatch.setattr(recheck, "AT_ONCE", 2)
    looks: asyncio.Queue[Collection[SocketConsumer]] = asyncio.Queue()
    for user in (team.alice, team.bob, team.charlie):
        await connect(user)
    task = asyncio.create_task(recheck.keep_looking(looks.put))
    try:
        async with asyncio.timeout(10):
            found = [await looks.get() for _ in range(2)]
    finally:
        task.cancel()
    assert [len(each) for each in found] == [2, 1]
    assert {each for look in found for each in look} == hub.connections


async def test_all_are_looked_at_while_the_wire_is_sick_and_new_ones_soon(
    team: Team, connect: Connect, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("EVERY_SICK", "EVERY_NEW"):
        monkeypatch.setattr(recheck, name, 0.01)
    monkeypatch.setattr(recheck, "NEW", 0.05)
    looks: asyncio.Queue[Collection[SocketConsumer]] = asyncio.Queue()
    await connect(team.alice)
    task = asyncio.create_task(recheck.keep_looking(looks.put))
    try:
        async with asyncio.timeout(10):
            assert len(await looks.get()) == 1, "Alice, who is new"
            await asyncio.sleep(0.05)
            assert looks.empty()
            hub.sick = True
            for _ in range(2):
                assert len(await looks.get()) == 1, "everybody"
    finally:
        task.cancel()
