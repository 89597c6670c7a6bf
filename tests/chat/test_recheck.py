"""A membership whose end was not received as an event."""

from typing import Any

from chat import recheck
from chat.models import Membership
from chat.recheck import recheck_memberships
from realtime.delivery.hub import Hub
from tests.team import Connect, Team


async def test_who_is_no_longer_a_member_leaves(team: Team, connect: Connect, hub: Hub) -> None:
    alice, bob = await connect(team.alice), await connect(team.bob)
    for socket in (alice, bob):
        await socket.call("join", room="attic")
        await socket.call("join", room="kitchen")
    await recheck_memberships(hub.connections)
    await Membership.objects.filter(user=team.bob).adelete()
    await recheck_memberships(hub.connections)
    assert await bob.assert_event("left") == {"type": "left", "room": "attic", "reason": "removed"}
    await alice.say("attic", "between us")
    await alice.say("kitchen", "for all")
    assert (await bob.assert_event("message"))["room"] == "kitchen"
    await bob.assert_silence()
    await alice.assert_silence("left")


async def test_it_asks_once_for_all_and_not_at_all_for_public_rooms(
    team: Team, connect: Connect, hub: Hub, monkeypatch: Any
) -> None:
    asked: list[Any] = []
    members = recheck.members_among

    async def count(*arguments: Any) -> Any:
        asked.append(arguments)
        return await members(*arguments)

    monkeypatch.setattr(recheck, "members_among", count)
    alice, bob = await connect(team.alice), await connect(team.bob)
    await alice.call("join", room="kitchen")
    await recheck_memberships(hub.connections)
    assert asked == []
    for socket in (alice, bob):
        await socket.call("join", room="attic")
    await connect(None, "/ws/echo/")
    await recheck_memberships(hub.connections)
    assert asked == [({team.attic.pk}, {team.alice.pk, team.bob.pk})]
