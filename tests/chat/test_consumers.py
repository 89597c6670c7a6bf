"""Heads and joining on `/ws/chat/`, over a good and a bad channel layer, and their cost."""

import asyncio
import random
import uuid
from collections.abc import Iterable
from typing import Any

import pytest

from accounts.models import User
from chat import entering
from chat.log import heads, pages, writer
from chat.models import Membership, Room, RoomKind
from chat.presence import connections
from chat.rooms.rooms import create_room
from harness.client import Event, eventually
from realtime.delivery import publish as wire
from realtime.delivery.hub import Hub
from realtime.delivery.publish import Publication
from realtime.storage.database import in_database
from realtime.wire.protocol import CommandError, Frame
from tests.team import Connect, Team, fill, joined, queries


def seqs(page: Event) -> list[int]:
    return [message["seq"] for message in page["messages"]]


# Heads


def numbers(heads: Event) -> dict[str, dict[str, int]]:
    """Return the heads of rooms without new messages and unread counts."""
    return {slug: {"rev": head["rev"], "seq": head["seq"]} for slug, head in heads["rooms"].items()}


async def test_one_hears_how_far_all_ones_rooms_are_and_no_others(team: Team, connect: Connect) -> None:
    await fill(team.attic, team.alice, 3)
    bob, charlie = await connect(team.bob), await connect(team.charlie)
    nothing, three = {"rev": 0, "seq": 0}, {"rev": 3, "seq": 3}
    assert numbers(await bob.assert_event("heads")) == {"attic": three, "kitchen": nothing, "lobby": nothing}
    assert numbers(await charlie.assert_event("heads")) == {"kitchen": nothing, "lobby": nothing}


async def test_a_room_that_moves_is_heard_of_by_those_who_may_see_it(team: Team, connect: Connect) -> None:
    bob, charlie = await connect(team.bob), await connect(team.charlie)
    for socket in (bob, charlie):
        await socket.assert_event("heads")
    alice = await joined(connect, team.alice, "attic")
    await alice.say("attic")
    assert numbers(await bob.assert_event("heads")) == {"attic": {"rev": 1, "seq": 1}}
    await charlie.assert_silence("heads")


async def test_a_new_socket_knows_what_was_said_a_moment_ago(team: Team, connect: Connect) -> None:
    alice = await joined(connect, team.alice, "kitchen")
    for number in range(1, 6):
        await alice.say("kitchen")
        found = await (await connect(team.bob)).assert_event("heads")
        assert numbers(found)["kitchen"] == {"rev": number, "seq": number}


async def test_a_heartbeat_brings_all_heads_and_takes_nothing_back(
    team: Team, connect: Connect, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob, alice = await connect(team.bob), await joined(connect, team.alice, "kitchen")
    await bob.assert_event("heads")
    consumer = next(each for each in hub.connections if each.user == team.bob)
    consumer.heartbeat(Frame('{"type":"heartbeat"}'))
    assert set((await bob.assert_event("heads"))["rooms"]) == {"attic", "kitchen", "lobby"}

    asked, answer = asyncio.Event(), asyncio.Event()
    read = heads.read_all

    async def read_slowly() -> heads.Heads:
        found = await read()
        asked.set()
        await answer.wait()
        return found

    monkeypatch.setattr(heads, "read_all", read_slowly)
    consumer.heartbeat(Frame('{"type":"heartbeat"}'))
    await asked.wait()
    await alice.say("kitchen")
    assert numbers(await bob.assert_event("heads")) == {"kitchen": {"rev": 1, "seq": 1}}
    answer.set()
    assert set((await bob.assert_event("heads"))["rooms"]) == {"attic", "lobby"}, "what was read is older"


async def test_heads_that_could_not_be_read_come_with_the_next_heartbeat(
    team: Team, connect: Connect, hub: Hub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    gast = await connect(team.gast)
    await gast.assert_event("heads")

    async def fail() -> heads.Heads:
        raise OSError("away")

    with monkeypatch.context() as patch:
        patch.setattr(heads, "read_all", fail)
        await in_database(create_room)(team.alice, "Garden", guests=True)
        await eventually(lambda: "Reading the heads of rooms failed" in caplog.text)
    consumer = next(each for each in hub.connections if each.user == team.gast)
    consumer.heartbeat(Frame('{"type":"heartbeat"}'))
    assert "garden" in (await gast.assert_event("heads"))["rooms"]
    alice = await joined(connect, team.alice, "garden")
    await alice.say("garden")
    assert numbers(await gast.assert_event("heads")) == {"garden": {"rev": 1, "seq": 1}}


# Joining


async def test_a_newcomer_gets_the_newest_messages(team: Team, connect: Connect) -> None:
    await fill(team.kitchen, team.alice, 7)
    bob = await connect(team.bob)
    page = await bob.call("join", room="kitchen", limit=3)
    assert page["type"] == "joined"
    assert (seqs(page), page["rev"], page["seq"], page["read"], page["complete"]) == ([5, 6, 7], 7, 7, 0, True)
    assert len(seqs(await (await connect(team.bob)).call("join", room="kitchen"))) == 7


async def test_one_who_comes_back_gets_exactly_what_was_missed(team: Team, connect: Connect) -> None:
    alice = await joined(connect, team.alice, "kitchen")
    bob = await connect(team.bob)
    await alice.say("kitchen", "one")
    place = (await bob.call("join", room="kitchen"))["rev"]
    await bob.close()
    await alice.say("kitchen", "two")
    await alice.call("edit", room="kitchen", seq=1, body="one!")
    await alice.say("kitchen", "three")
    await alice.call("delete", room="kitchen", seq=3)
    bob = await connect(team.bob)
    page = await bob.call("join", room="kitchen", after=place)
    changes = [(each["rev"], each["seq"], each["body"], each["deleted"]) for each in page["messages"]]
    assert changes == [(2, 2, "two", False), (3, 1, "one!", False), (5, 3, "", True)]
    assert (page["rev"], page["complete"]) == (5, True)
    await bob.assert_silence()
    await alice.say("kitchen", "four")
    assert (await bob.assert_event("message"))["rev"] == 6


async def test_live_events_begin_after_the_last_page(team: Team, connect: Connect) -> None:
    await fill(team.kitchen, team.alice, 5)
    bob, alice = await connect(team.bob), await joined(connect, team.alice, "kitchen")
    page = await bob.call("join", room="kitchen", after=0, limit=2)
    assert (seqs(page), page["complete"]) == ([1, 2], False)
    await alice.say("kitchen", "six")
    await bob.assert_silence()
    place = page["messages"][-1]["rev"]
    page = await bob.call("join", room="kitchen", after=place, limit=2)
    assert (seqs(page), page["complete"]) == ([3, 4], False)
    page = await bob.call("join", room="kitchen", after=4, limit=2)
    assert (seqs(page), page["complete"]) == ([5, 6], True)
    await alice.say("kitchen", "seven")
    assert (await bob.assert_event("message"))["seq"] == 7
    await bob.assert_silence()


async def test_what_comes_while_the_page_is_read_comes_once(
    team: Team, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = await joined(connect, team.alice, "kitchen"), await connect(team.bob)
    enter = entering.enter

    async def enter_slowly(*arguments: Any) -> Any:
        await alice.say("kitchen", "before")
        entered = await enter(*arguments)
        await alice.say("kitchen", "after")
        await alice.assert_event("message", body="after")
        return entered

    monkeypatch.setattr(entering, "enter", enter_slowly)
    page = await bob.call("join", room="kitchen")
    assert [each["body"] for each in page["messages"]] == ["before"]
    assert (await bob.assert_event("message"))["body"] == "after"
    await bob.assert_silence()


async def test_joining_again_resumes_without_leaving(team: Team, connect: Connect) -> None:
    alice, bob = await joined(connect, team.alice, "kitchen"), await joined(connect, team.bob, "kitchen")
    await alice.say("kitchen")
    await bob.assert_event("message")
    page = await bob.call("join", room="kitchen", after=1)
    assert (page["messages"], page["complete"]) == ([], True)
    await alice.say("kitchen")
    assert (await bob.assert_event("message"))["seq"] == 2
    await bob.assert_silence()


async def test_rooms_that_one_may_not_enter_or_that_are_not_there(team: Team, connect: Connect) -> None:
    charlie = await connect(team.charlie)
    await charlie.assert_error("forbidden", "join", room="attic")
    await charlie.assert_error("forbidden", "join", room="attic", after=0)
    for nowhere in ("nowhere", "", "../attic", "ATTIC", "é"):
        await charlie.assert_error("not_found", "join", room=nowhere)
    alice = await joined(connect, team.alice, "attic")
    await alice.say("attic", "between us")
    await charlie.assert_silence()


async def test_commands_need_a_room_that_one_has_joined(team: Team, connect: Connect) -> None:
    bob = await connect(team.bob)
    commands: dict[str, dict[str, Any]] = {
        "leave": {},
        "send": {"id": str(uuid.uuid4()), "body": "hi"},
        "edit": {"seq": 1, "body": "hi"},
        "delete": {"seq": 1},
        "react": {"seq": 1, "emoji": "👍", "on": True},
        "read": {"seq": 1},
        "typing": {},
    }
    for type, fields in commands.items():
        await bob.assert_error("not_joined", type, room="attic", **fields)
    assert (await bob.call("ping"))["type"] == "pong"


async def test_fifty_rooms_and_no_more(team: Team, connect: Connect, settings: Any) -> None:
    settings.JOINED_ROOMS = 3
    rooms = [await Room.objects.acreate(slug=f"room-{number}", name="x") for number in range(4)]
    bob = await connect(team.bob)
    for room in rooms[:3]:
        await bob.call("join", room=room.slug)
    await bob.assert_error("conflict", "join", room="room-3")
    await bob.call("join", room="room-0", after=0)
    await bob.call("leave", room="room-0")
    await bob.call("join", room="room-3")


async def test_after_leaving_nothing_comes(team: Team, connect: Connect) -> None:
    alice, bob = await joined(connect, team.alice, "kitchen"), await joined(connect, team.bob, "kitchen")
    assert await bob.ask("leave", room="kitchen", ref="bye") == {"type": "ok", "ref": "bye"}
    await alice.say("kitchen")
    await alice.send_command("typing", room="kitchen")
    await alice.assert_event("message")
    await bob.assert_silence()


async def test_a_join_that_fails_leaves_no_half_open_room(
    team: Team, connect: Connect, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    alice, bob = await joined(connect, team.alice, "kitchen"), await joined(connect, team.bob, "kitchen")

    async def fail(*arguments: Any) -> Any:
        raise OSError("away")

    with monkeypatch.context() as patch:
        patch.setattr(entering, "enter", fail)
        await bob.assert_error("internal", "join", room="kitchen", after=0)
    await bob.assert_error("not_joined", "typing", room="kitchen")
    await alice.say("kitchen")
    await bob.assert_silence()
    assert seqs(await bob.call("join", room="kitchen", after=0)) == [1]


# A wire that drops, doubles and mixes up


async def test_old_state_and_events_make_the_fresh_state_whatever_the_wire_does(
    team: Team, connect: Connect, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(7)

    async def lossy(publications: Iterable[Publication]) -> None:
        batch = [each for each in publications for _ in range(chance.choice((0, 1, 1, 2)))]
        chance.shuffle(batch)
        await wire.publish(batch)

    monkeypatch.setattr(writer, "publish", lossy)
    alice, bob = await joined(connect, team.alice, "attic"), await connect(team.bob)
    page = await bob.call("join", room="attic")
    known = {message["seq"]: message for message in page["messages"]}
    place = page["rev"]

    head = 0
    for _ in range(12):
        refs = []
        for _ in range(chance.randint(1, 5)):
            seq = chance.randint(1, max(head, 1))
            fields: dict[str, Any] = chance.choice(
                [
                    {"type": "send", "id": str(uuid.uuid4()), "body": f"message {chance.random()}"},
                    {"type": "send", "id": str(uuid.uuid4()), "body": f"message {chance.random()}"},
                    {"type": "edit", "seq": seq, "body": f"edit {chance.random()}"},
                    {"type": "react", "seq": seq, "emoji": chance.choice("👍🎉"), "on": chance.random() < 0.7},
                    {"type": "delete", "seq": seq},
                ]
            )
            refs.append(await alice.send_command(**fields, room="attic"))
        for ref in refs:
            reply = await alice.next(lambda event, ref=ref: event.get("ref") == ref)  # type: ignore[misc]
            head = max(head, reply.get("seq", 0))

    async def has_all() -> bool:
        nonlocal place
        await hub.check(list(hub.topics))  # what the hub does every 15 s
        for event in [each for each in bob.events if each["type"] == "message"]:
            bob.events.remove(event)
            assert event["rev"] > place, "in order, and each once"
            place, known[event["seq"]] = event["rev"], event
        return bool(place == (await Room.objects.aget(pk=team.attic.pk)).rev)

    await eventually(has_all)
    fresh = await in_database(pages.newest)(team.attic.pk, 1000)
    assert [known[seq] for seq in sorted(known)] == fresh.messages
    assert hub.heals > 0


async def test_two_sockets_of_many_see_the_same_log_in_the_same_order(team: Team, connect: Connect) -> None:
    people = [team.alice, team.bob, team.charlie, team.gast, team.token]
    sockets = [await joined(connect, who, "kitchen") for who in people]
    for _ in range(8):
        for socket in sockets:
            await socket.send_command("send", room="kitchen", id=str(uuid.uuid4()), body=uuid.uuid4().hex)
    logs = [[await socket.assert_event("message") for _ in range(40)] for socket in sockets]
    assert [event["seq"] for event in logs[0]] == list(range(1, 41))
    assert all(log == logs[0] for log in logs)


# Costs


async def test_joining_takes_as_many_queries_for_many_as_for_one(
    team: Team, connect: Connect, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(team.attic, team.alice, 60)
    people = [await User.objects.acreate(username=f"user-{number}", name=f"User {number}") for number in range(20)]
    await Membership.objects.abulk_create([Membership(room=team.attic, user=user) for user in people])
    first, *others = sockets = [await connect(user) for user in people]
    for socket in sockets:
        await socket.assert_event("heads")
    monkeypatch.setattr(connections.PresenceKeeper, "arrive", lambda *place: None)  # it writes beside the joins
    with queries() as made:
        await first.call("join", room="attic")
    # Room, membership and read mark; the newest messages with their head; number, processes, and places (none).
    assert len(made) == 3 + 2 + 3, made
    with queries() as made:
        pages = await asyncio.gather(*[socket.call("join", room="attic") for socket in others])
    assert len(made) <= 2 * 3, made
    assert all(seqs(page) == list(range(11, 61)) for page in pages)
    with queries() as made:
        pages = await asyncio.gather(*[socket.call("join", room="attic", after=50) for socket in others])
    assert len(made) <= 2 * 3, made
    assert all(seqs(page) == list(range(51, 61)) for page in pages)


async def test_a_room_of_another_kind_is_not_opened_by_its_name(team: Team, connect: Connect) -> None:
    talk = await Room.objects.acreate(slug="r-1", name="Roulette", kind=RoomKind.ROULETTE)
    await Membership.objects.acreate(room=talk, user=team.alice)
    await (await connect(team.bob)).assert_error("forbidden", "join", room="r-1")
    assert "r-1" not in (await (await connect(team.alice)).assert_event("heads"))["rooms"]
    with pytest.raises(CommandError):
        await entering.see(team.charlie, "r-1")
