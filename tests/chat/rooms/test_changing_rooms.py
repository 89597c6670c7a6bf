"""Rooms that appear, close and change while people are connected."""

import asyncio
import uuid
from typing import Any

import pytest

import accounts.people.accounts
from chat import entering
from chat.log import messages
from chat.models import Membership
from chat.rooms.members import grant, remove_member, revoke
from chat.rooms.rooms import archive, create_room, tell_room, unarchive
from harness.client import eventually
from realtime.delivery.hub import Hub
from realtime.storage.database import in_database
from tests.team import Connect, Team, joined, signed_in


async def test_who_is_taken_out_of_a_room_hears_so_and_then_nothing_more(team: Team, connect: Connect) -> None:
    alice, bob = await joined(connect, team.alice, "attic"), await joined(connect, team.bob, "attic")
    listed = await connect(team.bob)
    for socket in (bob, listed):
        await socket.assert_event("heads")
    await alice.assert_event("presence", joined=[team.bob.on_wire()])
    await in_database(revoke)(team.alice, "attic", team.bob.pk)
    for socket in (bob, listed):
        assert await socket.assert_event("left") == {"type": "left", "room": "attic", "reason": "removed"}
    await alice.assert_event("presence", left=[team.bob.pk])
    await bob.assert_silence("message", "typing", "left")
    bob.events.clear()
    await alice.say("attic", "now we can talk")
    await alice.send_command("typing", room="attic")
    await alice.assert_event("typing")
    for socket in (bob, listed):
        await socket.assert_silence("message", "typing", "heads", "presence", "left")
    again: list[dict[str, Any]] = [{}, {"after": 0}]
    for after in again:
        await bob.assert_error("forbidden", "join", room="attic", **after)
    await bob.assert_error("not_joined", "send", room="attic", id=str(uuid.uuid4()), body="hello?")
    assert "attic" not in (await (await connect(team.bob)).assert_event("heads"))["rooms"]


async def test_who_is_taken_out_while_joining_is_not_in(
    team: Team, connect: Connect, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = await joined(connect, team.alice, "attic"), await connect(team.bob)
    enter = entering.enter

    async def enter_slowly(user: Any, *arguments: Any) -> Any:
        entered = await enter(user, *arguments)
        if user == team.bob:
            await in_database(revoke)(team.alice, "attic", team.bob.pk)
            consumer = next(each for each in hub.connections if each.user == team.bob)
            await eventually(lambda: not any(name.startswith("room.") for name in consumer.connection.topics))
        return entered

    monkeypatch.setattr(entering, "enter", enter_slowly)
    await bob.assert_error("forbidden", "join", room="attic")
    await bob.assert_error("not_joined", "typing", room="attic")
    await bob.assert_event("left", room="attic")
    await alice.say("attic")
    await bob.assert_silence("message", "left")


async def test_who_is_taken_out_just_before_joining_reads_nothing(team: Team, connect: Connect) -> None:
    alice, bob = await joined(connect, team.alice, "attic"), await connect(team.bob)
    await Membership.objects.filter(user=team.bob).adelete()  # and its event has come already, or never will
    again: list[dict[str, Any]] = [{}, {"after": 0}]
    for after in again:
        await bob.assert_error("forbidden", "join", room="attic", **after)
    await alice.say("attic")
    await alice.assert_event("message")
    await bob.assert_silence("message", "presence")


async def test_a_room_that_one_is_let_into_appears_at_once(team: Team, connect: Connect) -> None:
    charlie, gast = await connect(team.charlie), await connect(team.gast)
    for socket in (charlie, gast):
        await socket.assert_event("heads")
    await in_database(grant)(team.alice, "attic", "charlie")
    assert "attic" in (await charlie.assert_event("heads"))["rooms"]
    alice = await joined(connect, team.alice, "attic")
    await alice.say("attic")
    assert (await charlie.assert_event("heads"))["rooms"] == {
        "attic": {"rev": 1, "seq": 1, "new": [[1, team.alice.pk]]}
    }
    await charlie.call("join", room="attic")
    await gast.assert_silence("heads")


async def test_a_new_public_room_appears_everywhere_and_a_closed_one_only_to_its_owner(
    team: Team, connect: Connect
) -> None:
    alice, gast = await connect(team.alice), await connect(team.gast)
    for socket in (alice, gast):
        await socket.assert_event("heads")
    await in_database(create_room)(team.alice, "Garden", guests=True)
    for socket in (alice, gast):
        assert "garden" in (await socket.assert_event("heads"))["rooms"]
    await in_database(create_room)(team.alice, "Cellar", members_only=True)
    assert "cellar" in (await alice.assert_event("heads"))["rooms"]
    await gast.assert_silence("heads")


async def test_rooms_that_appear_at_the_same_time_are_all_followed(team: Team, connect: Connect) -> None:
    gast = await connect(team.gast)
    names = [f"garden-{number}" for number in range(6)]
    await asyncio.gather(*[in_database(create_room)(team.alice, name, guests=True) for name in names])
    seen: set[str] = set()
    while not seen.issuperset(names):
        seen |= set((await gast.assert_event("heads"))["rooms"])
    alice = await connect(team.alice)
    for name in names:
        await alice.call("join", room=name)
        await alice.say(name)
        await gast.next(lambda event, name=name: event["type"] == "heads" and name in event["rooms"])  # type: ignore[misc]


async def test_an_old_list_of_rooms_does_not_undo_a_newer_one(
    team: Team, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    gast = await connect(team.gast)
    await gast.assert_event("heads")
    asked, answer = asyncio.Event(), asyncio.Event()
    rooms_of = entering.rooms_of

    async def slow_at_first(user: Any) -> Any:
        found = await rooms_of(user)
        if not asked.is_set():
            asked.set()
            await answer.wait()
        return found

    monkeypatch.setattr(entering, "rooms_of", slow_at_first)
    await in_database(create_room)(team.alice, "Garden", guests=True)
    await asked.wait()
    await in_database(create_room)(team.alice, "Cellar", guests=True)
    await gast.assert_silence("heads")
    answer.set()
    await gast.next(lambda event: event["type"] == "heads" and "cellar" in event["rooms"])
    alice = await joined(connect, team.alice, "cellar")
    await alice.say("cellar")
    await gast.assert_event("heads", rooms={"cellar": {"rev": 1, "seq": 1, "new": [[1, team.alice.pk]]}})


async def test_an_archived_room_is_left_by_all_and_can_be_read(team: Team, connect: Connect) -> None:
    alice, bob = await joined(connect, team.alice, "kitchen"), await joined(connect, team.bob, "kitchen")
    await alice.say("kitchen", "last words")
    await bob.assert_event("message")
    await in_database(archive)(team.kitchen)
    for socket in (alice, bob):
        assert (await socket.assert_event("left"))["reason"] == "archived"
        await socket.assert_error("not_joined", "typing", room="kitchen")
    assert [each["body"] for each in (await bob.call("join", room="kitchen"))["messages"]] == ["last words"]
    await bob.assert_error("forbidden", "send", room="kitchen", id=str(uuid.uuid4()), body="more")
    await in_database(unarchive)(team.kitchen)
    assert (await bob.say("kitchen", "more"))["seq"] == 2


async def test_staff_deletes_and_everybody_sees_it(team: Team, connect: Connect) -> None:
    alice = await joined(connect, team.alice, "attic")
    await alice.say("attic", "secret")
    await in_database(messages.write)(messages.delete(team.attic.pk, team.charlie, 1, as_staff=True))
    assert (await alice.assert_event("message", rev=2))["deleted"] is True


async def test_the_socket_of_one_who_signs_out_closes(team: Team, connect: Connect) -> None:
    browser = await signed_in(team.bob)
    bob = await joined(connect, browser, "attic")
    await browser.post("/sign-out/")
    await bob.assert_closed(4401)


async def test_a_new_name_of_a_room_reaches_those_who_have_it_in_their_list(team: Team, connect: Connect) -> None:
    bob, gast = await connect(team.bob), await connect(team.gast)
    for socket in (bob, gast):
        await socket.assert_event("heads")
    for room, listeners in ((team.kitchen, (bob, gast)), (team.attic, (bob,))):
        room.name, room.topic = "Canteen", "Lunch"
        await in_database(tell_room)(room)
        expected = {"slug": room.slug, "name": "Canteen", "topic": "Lunch", "kind": room.kind}
        for socket in listeners:
            assert (await socket.assert_event("room"))["room"] == expected
    await gast.assert_silence("room")


async def test_a_new_name_of_a_person_reaches_everybody(team: Team, connect: Connect) -> None:
    bob, alice = await connect(team.bob), await joined(connect, team.alice, "kitchen")
    await bob.call("join", room="kitchen")
    team.alice.name = "Alicia"
    await in_database(team.alice.save)()
    await in_database(accounts.people.accounts.tell_renamed)(team.alice)
    for socket in (alice, bob):
        assert (await socket.assert_event("person"))["user"] == {"id": team.alice.pk, "name": "Alicia", "guest": False}
    await alice.send_text('{"type": "typing", "room": "kitchen"}')
    assert (await bob.assert_event("typing"))["user"]["name"] == "Alicia"


async def test_who_only_lists_a_room_hears_that_it_was_archived_or_that_they_were_taken_out(
    team: Team, connect: Connect
) -> None:
    bob, gast = await connect(team.bob), await connect(team.gast)
    for socket in (bob, gast):
        await socket.assert_event("heads")
    await in_database(archive)(team.kitchen)
    for socket in (bob, gast):
        await socket.assert_event("left", room="kitchen", reason="archived")
    await in_database(remove_member)(team.attic, team.bob.pk)
    await bob.assert_event("left", room="attic", reason="removed")
    await gast.assert_silence("left")
