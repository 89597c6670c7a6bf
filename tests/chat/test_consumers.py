"""`/ws/chat/` as a client of docs/protocol.md finds it."""

import asyncio
import random
import uuid
from collections.abc import Iterable
from typing import Any

import pytest

from accounts.models import User
from chat import heads, pages, presence, services, store, writer
from chat.models import Membership, ReadMark, Room, RoomKind
from realtime import publish as wire
from realtime.database import in_database
from realtime.hub import Hub
from realtime.protocol import CommandError, Frame
from realtime.publish import Publication
from tests.cast import Cast, Connect, Event, Socket, queries, says, signed_in
from tests.support import eventually


async def joined(connect: Connect, who: Any, room: str, **paging: int) -> Socket:
    """Return a socket of `who` that is in `room`."""
    socket = await connect(who)
    await socket.call("join", room=room, **paging)
    return socket


def seqs(page: Event) -> list[int]:
    return [message["seq"] for message in page["messages"]]


async def fill(room: Room, user: Any, count: int) -> None:
    await in_database(store.apply)([says(room, user, f"message {number}") for number in range(1, count + 1)])


# Heads


async def test_one_hears_how_far_all_ones_rooms_are_and_no_others(cast: Cast, connect: Connect) -> None:
    await fill(cast.attic, cast.alice, 3)
    bob, charlie = await connect(cast.bob), await connect(cast.charlie)
    nothing, three = {"rev": 0, "seq": 0}, {"rev": 3, "seq": 3}
    assert (await bob.assert_event("heads"))["rooms"] == {"attic": three, "kitchen": nothing, "lobby": nothing}
    assert (await charlie.assert_event("heads"))["rooms"] == {"kitchen": nothing, "lobby": nothing}


async def test_a_room_that_moves_is_heard_of_by_those_who_may_see_it(cast: Cast, connect: Connect) -> None:
    bob, charlie = await connect(cast.bob), await connect(cast.charlie)
    for socket in (bob, charlie):
        await socket.assert_event("heads")
    alice = await joined(connect, cast.alice, "attic")
    await alice.say("attic")
    assert (await bob.assert_event("heads"))["rooms"] == {"attic": {"rev": 1, "seq": 1}}
    await charlie.assert_silence("heads")


async def test_a_new_socket_knows_what_was_said_a_moment_ago(cast: Cast, connect: Connect) -> None:
    alice = await joined(connect, cast.alice, "kitchen")
    for number in range(1, 6):
        await alice.say("kitchen")
        found = await (await connect(cast.bob)).assert_event("heads")
        assert found["rooms"]["kitchen"] == {"rev": number, "seq": number}


async def test_a_heartbeat_brings_all_heads_and_takes_nothing_back(
    cast: Cast, connect: Connect, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob, alice = await connect(cast.bob), await joined(connect, cast.alice, "kitchen")
    await bob.assert_event("heads")
    consumer = next(each for each in hub.connections if each.user == cast.bob)
    consumer.heartbeat(Frame('{"type":"heartbeat"}'))
    assert set((await bob.assert_event("heads"))["rooms"]) == {"attic", "kitchen", "lobby"}

    asked, answer = asyncio.Event(), asyncio.Event()
    read = heads._read_all

    async def read_slowly() -> heads.Heads:
        found = await read()
        asked.set()
        await answer.wait()
        return found

    monkeypatch.setattr(heads, "_read_all", read_slowly)
    consumer.heartbeat(Frame('{"type":"heartbeat"}'))
    await asked.wait()
    await alice.say("kitchen")
    assert (await bob.assert_event("heads"))["rooms"] == {"kitchen": {"rev": 1, "seq": 1}}
    answer.set()
    assert set((await bob.assert_event("heads"))["rooms"]) == {"attic", "lobby"}, "what was read is older"


async def test_heads_that_could_not_be_read_come_with_the_next_heartbeat(
    cast: Cast, connect: Connect, hub: Hub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    gast = await connect(cast.gast)
    await gast.assert_event("heads")

    async def fail() -> heads.Heads:
        raise OSError("away")

    with monkeypatch.context() as patch:
        patch.setattr(heads, "_read_all", fail)
        await in_database(services.create_room)(cast.alice, "Garden")
        await eventually(lambda: "Could not read the heads" in caplog.text)
    consumer = next(each for each in hub.connections if each.user == cast.gast)
    consumer.heartbeat(Frame('{"type":"heartbeat"}'))
    assert "garden" in (await gast.assert_event("heads"))["rooms"]
    alice = await joined(connect, cast.alice, "garden")
    await alice.say("garden")
    assert (await gast.assert_event("heads"))["rooms"] == {"garden": {"rev": 1, "seq": 1}}


# Joining


async def test_a_newcomer_gets_the_newest_messages(cast: Cast, connect: Connect) -> None:
    await fill(cast.kitchen, cast.alice, 7)
    bob = await connect(cast.bob)
    page = await bob.call("join", room="kitchen", limit=3)
    assert page["type"] == "joined"
    assert (seqs(page), page["rev"], page["seq"], page["read"], page["complete"]) == ([5, 6, 7], 7, 7, 0, True)
    assert len(seqs(await (await connect(cast.bob)).call("join", room="kitchen"))) == 7


async def test_one_who_comes_back_gets_exactly_what_was_missed(cast: Cast, connect: Connect) -> None:
    alice = await joined(connect, cast.alice, "kitchen")
    bob = await connect(cast.bob)
    await alice.say("kitchen", "one")
    place = (await bob.call("join", room="kitchen"))["rev"]
    await bob.close()
    await alice.say("kitchen", "two")
    await alice.call("edit", room="kitchen", seq=1, body="one!")
    await alice.say("kitchen", "three")
    await alice.call("delete", room="kitchen", seq=3)
    bob = await connect(cast.bob)
    page = await bob.call("join", room="kitchen", after=place)
    changes = [(each["rev"], each["seq"], each["body"], each["deleted"]) for each in page["messages"]]
    assert changes == [(2, 2, "two", False), (3, 1, "one!", False), (5, 3, "", True)]
    assert (page["rev"], page["complete"]) == (5, True)
    await bob.assert_silence()
    await alice.say("kitchen", "four")
    assert (await bob.assert_event("message"))["rev"] == 6


async def test_live_events_begin_after_the_last_page(cast: Cast, connect: Connect) -> None:
    await fill(cast.kitchen, cast.alice, 5)
    bob, alice = await connect(cast.bob), await joined(connect, cast.alice, "kitchen")
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
    cast: Cast, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = await joined(connect, cast.alice, "kitchen"), await connect(cast.bob)
    enter = services.enter

    async def enter_slowly(*arguments: Any) -> Any:
        await alice.say("kitchen", "before")
        entered = await enter(*arguments)
        await alice.say("kitchen", "after")
        await alice.assert_event("message", body="after")
        return entered

    monkeypatch.setattr(services, "enter", enter_slowly)
    page = await bob.call("join", room="kitchen")
    assert [each["body"] for each in page["messages"]] == ["before"]
    assert (await bob.assert_event("message"))["body"] == "after"
    await bob.assert_silence()


async def test_joining_again_resumes_without_leaving(cast: Cast, connect: Connect) -> None:
    alice, bob = await joined(connect, cast.alice, "kitchen"), await joined(connect, cast.bob, "kitchen")
    await alice.say("kitchen")
    await bob.assert_event("message")
    page = await bob.call("join", room="kitchen", after=1)
    assert (page["messages"], page["complete"]) == ([], True)
    await alice.say("kitchen")
    assert (await bob.assert_event("message"))["seq"] == 2
    await bob.assert_silence()


async def test_rooms_that_one_may_not_enter_or_that_are_not_there(cast: Cast, connect: Connect) -> None:
    charlie = await connect(cast.charlie)
    await charlie.assert_error("forbidden", "join", room="attic")
    await charlie.assert_error("forbidden", "join", room="attic", after=0)
    for nowhere in ("nowhere", "", "../attic", "ATTIC", "é"):
        await charlie.assert_error("not_found", "join", room=nowhere)
    alice = await joined(connect, cast.alice, "attic")
    await alice.say("attic", "between us")
    await charlie.assert_silence()


async def test_commands_need_a_room_that_one_has_joined(cast: Cast, connect: Connect) -> None:
    bob = await connect(cast.bob)
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


async def test_fifty_rooms_and_no_more(cast: Cast, connect: Connect, settings: Any) -> None:
    settings.JOINED_ROOMS = 3
    rooms = [await Room.objects.acreate(slug=f"room-{number}", name="x") for number in range(4)]
    bob = await connect(cast.bob)
    for room in rooms[:3]:
        await bob.call("join", room=room.slug)
    await bob.assert_error("conflict", "join", room="room-3")
    await bob.call("join", room="room-0", after=0)
    await bob.call("leave", room="room-0")
    await bob.call("join", room="room-3")


async def test_after_leaving_nothing_comes(cast: Cast, connect: Connect) -> None:
    alice, bob = await joined(connect, cast.alice, "kitchen"), await joined(connect, cast.bob, "kitchen")
    assert await bob.ask("leave", room="kitchen", ref="bye") == {"type": "ok", "ref": "bye"}
    await alice.say("kitchen")
    await alice.command("typing", room="kitchen")
    await alice.assert_event("message")
    await bob.assert_silence()


async def test_a_join_that_fails_leaves_no_half_open_room(
    cast: Cast, connect: Connect, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    alice, bob = await joined(connect, cast.alice, "kitchen"), await joined(connect, cast.bob, "kitchen")

    async def fail(*arguments: Any) -> Any:
        raise OSError("away")

    with monkeypatch.context() as patch:
        patch.setattr(services, "enter", fail)
        await bob.assert_error("internal", "join", room="kitchen", after=0)
    await bob.assert_error("not_joined", "typing", room="kitchen")
    await alice.say("kitchen")
    await bob.assert_silence()
    assert seqs(await bob.call("join", room="kitchen", after=0)) == [1]


# Messages


async def test_a_message_is_acknowledged_and_told_with_the_same_numbers(cast: Cast, connect: Connect) -> None:
    alice, bob = await joined(connect, cast.alice, "kitchen"), await joined(connect, cast.bob, "kitchen")
    id = str(uuid.uuid4())
    ack = await alice.call("send", ref="r1", room="kitchen", id=id, body="*hi* <b>")
    at = ack.pop("at")
    assert ack == {"type": "ack", "ref": "r1", "room": "kitchen", "id": id, "seq": 1, "rev": 1, "duplicate": False}
    assert len(at) == len("2026-11-21T10:00:00.000Z")
    for socket in (alice, bob):
        event = await socket.assert_event("message")
        assert (event["id"], event["seq"], event["rev"], event["at"]) == (id, 1, 1, at)
        assert (event["body"], event["html"]) == ("*hi* <b>", "<p><em>hi</em> &lt;b&gt;</p>")
        assert event["sender"] == cast.alice.on_wire()


async def test_the_same_id_again_is_the_same_message(cast: Cast, connect: Connect) -> None:
    alice, bob = await joined(connect, cast.alice, "kitchen"), await joined(connect, cast.bob, "kitchen")
    first = await alice.say("kitchen", "hi", id=str(uuid.uuid4()))
    await bob.assert_event("message")
    await alice.call("edit", room="kitchen", seq=1, body="edited")
    await bob.assert_event("message")
    again = await (await joined(connect, cast.alice, "kitchen")).say("kitchen", "other words", id=first["id"])
    keys = ("id", "seq", "rev", "at")
    assert [again[key] for key in keys] == [first[key] for key in keys]
    assert again["duplicate"] is True
    await bob.assert_silence()


async def test_a_sender_is_who_signed_in_whatever_the_command_says(cast: Cast, connect: Connect) -> None:
    gast = await joined(connect, cast.gast, "kitchen")
    await gast.say("kitchen", "hi", sender={"id": cast.alice.pk, "name": "Alice"}, user=cast.alice.pk)
    assert (await gast.assert_event("message"))["sender"] == cast.gast.on_wire()


async def test_a_message_is_edited_deleted_and_reacted_to(cast: Cast, connect: Connect) -> None:
    alice, bob = await joined(connect, cast.alice, "kitchen"), await joined(connect, cast.bob, "kitchen")
    await alice.say("kitchen", "hi")
    assert (await alice.call("edit", room="kitchen", seq=1, body="ho"))["rev"] == 2
    assert await bob.call("react", ref="r", room="kitchen", seq=1, emoji="👍", on=True) == {
        "type": "ok",
        "ref": "r",
        "rev": 3,
    }
    assert (await bob.call("react", room="kitchen", seq=1, emoji="👍", on=True))["rev"] == 3, "no change, no new rev"
    assert (await alice.call("delete", room="kitchen", seq=1))["rev"] == 4
    states = [await bob.assert_event("message", rev=rev) for rev in (1, 2, 3, 4)]
    assert [state["body"] for state in states] == ["hi", "ho", "ho", ""]
    assert [state["reactions"] for state in states] == [{}, {}, {"👍": [cast.bob.pk]}, {}]
    assert [state["deleted"] for state in states] == [False, False, False, True]
    assert states[0]["edited_at"] is None
    assert states[1]["edited_at"]


async def test_what_may_not_be_done_to_messages(cast: Cast, connect: Connect) -> None:
    alice, bob = await joined(connect, cast.alice, "kitchen"), await joined(connect, cast.bob, "kitchen")
    await alice.say("kitchen", "hi")
    await bob.assert_error("forbidden", "edit", room="kitchen", seq=1, body="mine")
    await bob.assert_error("forbidden", "delete", room="kitchen", seq=1)
    await bob.assert_error("not_found", "delete", room="kitchen", seq=2)
    await bob.assert_error("bad_message", "react", room="kitchen", seq=1, emoji="ok", on=True)
    await bob.assert_error("bad_message", "edit", room="kitchen", seq=0, body="x")
    fresh = {"room": "kitchen", "id": str(uuid.uuid4())}
    await bob.assert_error("too_long", "send", **fresh, body="x" * 8001)
    await bob.assert_error("bad_message", "send", **fresh, body=" \n ")
    await bob.assert_error("bad_message", "send", room="kitchen", id="7", body="hi")
    await bob.assert_error("not_found", "send", **fresh, body="hi", reply_to=2)
    assert (await bob.say("kitchen", "x" * 8000, reply_to=1))["seq"] == 2, "and the socket lives on"


async def test_commands_may_be_sent_without_waiting(cast: Cast, connect: Connect) -> None:
    alice = await joined(connect, cast.alice, "kitchen")
    await alice.command("send", room="kitchen", id=str(uuid.uuid4()), body="first")
    await alice.command("edit", room="kitchen", seq=1, body="second")
    long = "third " * 200  # rendered beside the loop
    await alice.command("send", room="kitchen", id=str(uuid.uuid4()), body=long)
    await alice.command("edit", room="kitchen", seq=2, body="fourth")
    await alice.command("delete", ref="end", room="kitchen", seq=1)
    assert (await alice.next(lambda event: event.get("ref") == "end"))["rev"] == 5
    bodies = [(await alice.assert_event("message", rev=rev))["body"] for rev in range(1, 6)]
    assert bodies == ["first", "second", long, "fourth", ""]


async def test_a_full_queue_says_when_to_come_back(
    cast: Cast, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = await joined(connect, cast.alice, "kitchen")
    monkeypatch.setattr(writer, "QUEUE", 0)
    error = await alice.assert_error("busy", "send", room="kitchen", id=str(uuid.uuid4()), body="hi")
    assert error["retry_after"] > 0


# Typing and reading


async def test_typing_reaches_those_in_the_room_now_and_then(cast: Cast, connect: Connect) -> None:
    alice, bob = await joined(connect, cast.alice, "attic"), await joined(connect, cast.bob, "attic")
    outsider = await connect(cast.bob)
    for _ in range(5):
        await alice.command("typing", room="attic")
    assert await bob.assert_event("typing") == {"type": "typing", "room": "attic", "user": cast.alice.on_wire()}
    await bob.assert_silence()
    await outsider.assert_silence()


async def test_reading_is_told_to_ones_own_other_sockets_only(cast: Cast, connect: Connect) -> None:
    await fill(cast.kitchen, cast.alice, 5)
    bob, other, alice = [await joined(connect, who, "kitchen") for who in (cast.bob, cast.bob, cast.alice)]
    await bob.command("read", room="kitchen", seq=3)
    assert await other.assert_event("read") == {"type": "read", "room": "kitchen", "seq": 3}
    await bob.command("read", room="kitchen", seq=2)
    await bob.command("read", room="kitchen", seq=3)
    for socket in (bob, other, alice):
        await socket.assert_silence()
    assert (await bob.call("join", room="kitchen"))["read"] == 3
    await bob.command("read", room="kitchen", seq=999)
    assert (await other.assert_event("read"))["seq"] == 5, "no further than there are messages"
    assert await ReadMark.objects.acount() == 1


# What changes around a room


async def test_who_is_taken_out_of_a_room_hears_so_and_then_nothing_more(cast: Cast, connect: Connect) -> None:
    alice, bob = await joined(connect, cast.alice, "attic"), await joined(connect, cast.bob, "attic")
    listed = await connect(cast.bob)
    for socket in (bob, listed):
        await socket.assert_event("heads")
    await alice.assert_event("presence", joined=[cast.bob.on_wire()])
    await in_database(services.revoke)(cast.alice, "attic", cast.bob.pk)
    assert await bob.assert_event("left") == {"type": "left", "room": "attic", "reason": "removed"}
    await alice.assert_event("presence", left=[cast.bob.pk])
    await bob.assert_silence("message", "typing", "left")
    bob.events.clear()
    await alice.say("attic", "now we can talk")
    await alice.command("typing", room="attic")
    await alice.assert_event("typing")
    for socket in (bob, listed):
        await socket.assert_silence("message", "typing", "heads", "presence", "left")
    again: list[dict[str, Any]] = [{}, {"after": 0}]
    for after in again:
        await bob.assert_error("forbidden", "join", room="attic", **after)
    await bob.assert_error("not_joined", "send", room="attic", id=str(uuid.uuid4()), body="hello?")
    assert "attic" not in (await (await connect(cast.bob)).assert_event("heads"))["rooms"]


async def test_who_is_taken_out_while_joining_is_not_in(
    cast: Cast, connect: Connect, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = await joined(connect, cast.alice, "attic"), await connect(cast.bob)
    enter = services.enter

    async def enter_slowly(user: Any, *arguments: Any) -> Any:
        entered = await enter(user, *arguments)
        if user == cast.bob:
            await in_database(services.revoke)(cast.alice, "attic", cast.bob.pk)
            consumer = next(each for each in hub.connections if each.user == cast.bob)
            await eventually(lambda: not any(name.startswith("room.") for name in consumer.connection.topics))
        return entered

    monkeypatch.setattr(services, "enter", enter_slowly)
    await bob.assert_error("forbidden", "join", room="attic")
    await bob.assert_error("not_joined", "typing", room="attic")
    await alice.say("attic")
    await bob.assert_silence("message", "left")


async def test_who_is_taken_out_just_before_joining_reads_nothing(cast: Cast, connect: Connect) -> None:
    alice, bob = await joined(connect, cast.alice, "attic"), await connect(cast.bob)
    await Membership.objects.filter(user=cast.bob).adelete()  # and the wire has told it already, or never will
    again: list[dict[str, Any]] = [{}, {"after": 0}]
    for after in again:
        await bob.assert_error("forbidden", "join", room="attic", **after)
    await alice.say("attic")
    await alice.assert_event("message")
    await bob.assert_silence("message", "presence")


async def test_a_room_that_one_is_let_into_appears_at_once(cast: Cast, connect: Connect) -> None:
    charlie, gast = await connect(cast.charlie), await connect(cast.gast)
    for socket in (charlie, gast):
        await socket.assert_event("heads")
    await in_database(services.grant)(cast.alice, "attic", "charlie")
    assert "attic" in (await charlie.assert_event("heads"))["rooms"]
    alice = await joined(connect, cast.alice, "attic")
    await alice.say("attic")
    assert (await charlie.assert_event("heads"))["rooms"] == {"attic": {"rev": 1, "seq": 1}}
    await charlie.call("join", room="attic")
    await gast.assert_silence("heads")


async def test_a_new_public_room_appears_everywhere_and_a_closed_one_only_to_its_owner(
    cast: Cast, connect: Connect
) -> None:
    alice, gast = await connect(cast.alice), await connect(cast.gast)
    for socket in (alice, gast):
        await socket.assert_event("heads")
    await in_database(services.create_room)(cast.alice, "Garden")
    for socket in (alice, gast):
        assert "garden" in (await socket.assert_event("heads"))["rooms"]
    await in_database(services.create_room)(cast.alice, "Cellar", members_only=True)
    assert "cellar" in (await alice.assert_event("heads"))["rooms"]
    await gast.assert_silence("heads")


async def test_rooms_that_appear_at_the_same_time_are_all_followed(cast: Cast, connect: Connect) -> None:
    gast = await connect(cast.gast)
    names = [f"garden-{number}" for number in range(6)]
    await asyncio.gather(*[in_database(services.create_room)(cast.alice, name) for name in names])
    seen: set[str] = set()
    while not seen.issuperset(names):
        seen |= set((await gast.assert_event("heads"))["rooms"])
    alice = await connect(cast.alice)
    for name in names:
        await alice.call("join", room=name)
        await alice.say(name)
        await gast.next(lambda event, name=name: event["type"] == "heads" and name in event["rooms"])  # type: ignore[misc]


async def test_an_old_list_of_rooms_does_not_undo_a_newer_one(
    cast: Cast, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    gast = await connect(cast.gast)
    await gast.assert_event("heads")
    asked, answer = asyncio.Event(), asyncio.Event()
    rooms_of = services.rooms_of

    async def slow_at_first(user: Any) -> Any:
        found = await rooms_of(user)
        if not asked.is_set():
            asked.set()
            await answer.wait()
        return found

    monkeypatch.setattr(services, "rooms_of", slow_at_first)
    await in_database(services.create_room)(cast.alice, "Garden")
    await asked.wait()
    await in_database(services.create_room)(cast.alice, "Cellar")
    await gast.assert_silence("heads")
    answer.set()
    await gast.next(lambda event: event["type"] == "heads" and "cellar" in event["rooms"])
    alice = await joined(connect, cast.alice, "cellar")
    await alice.say("cellar")
    await gast.assert_event("heads", rooms={"cellar": {"rev": 1, "seq": 1}})


async def test_an_archived_room_is_left_by_all_and_can_be_read(cast: Cast, connect: Connect) -> None:
    alice, bob = await joined(connect, cast.alice, "kitchen"), await joined(connect, cast.bob, "kitchen")
    await alice.say("kitchen", "last words")
    await bob.assert_event("message")
    await in_database(services.archive)(cast.kitchen)
    for socket in (alice, bob):
        assert (await socket.assert_event("left"))["reason"] == "archived"
        await socket.assert_error("not_joined", "typing", room="kitchen")
    assert [each["body"] for each in (await bob.call("join", room="kitchen"))["messages"]] == ["last words"]
    await bob.assert_error("forbidden", "send", room="kitchen", id=str(uuid.uuid4()), body="more")
    await in_database(services.unarchive)(cast.kitchen)
    assert (await bob.say("kitchen", "more"))["seq"] == 2


async def test_staff_deletes_and_everybody_sees_it(cast: Cast, connect: Connect) -> None:
    alice = await joined(connect, cast.alice, "attic")
    await alice.say("attic", "secret")
    await in_database(services.write)(services.delete(cast.attic.pk, cast.charlie, 1, as_staff=True))
    assert (await alice.assert_event("message", rev=2))["deleted"] is True


async def test_the_socket_of_one_who_signs_out_closes(cast: Cast, connect: Connect) -> None:
    browser = await signed_in(cast.bob)
    bob = await joined(connect, browser, "attic")
    await browser.post("/sign-out/")
    await bob.assert_closed(4401)


# A wire that drops, doubles and mixes up


async def test_old_state_and_events_make_the_fresh_state_whatever_the_wire_does(
    cast: Cast, connect: Connect, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(7)

    async def lossy(publications: Iterable[Publication]) -> None:
        batch = [each for each in publications for _ in range(chance.choice((0, 1, 1, 2)))]
        chance.shuffle(batch)
        await wire.publish(batch)

    monkeypatch.setattr(writer, "publish", lossy)
    alice, bob = await joined(connect, cast.alice, "attic"), await connect(cast.bob)
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
            refs.append(await alice.command(**fields, room="attic"))
        for ref in refs:
            reply = await alice.next(lambda event, ref=ref: event.get("ref") == ref)  # type: ignore[misc]
            head = max(head, reply.get("seq", 0))

    async def has_all() -> bool:
        nonlocal place
        await hub.check(list(hub.topics))  # what the hub does every 15 s
        while await bob._pull(0):
            pass
        for event in [each for each in bob.events if each["type"] == "message"]:
            bob.events.remove(event)
            assert event["rev"] > place, "in order, and each once"
            place, known[event["seq"]] = event["rev"], event
        return bool(place == (await Room.objects.aget(pk=cast.attic.pk)).rev)

    await eventually(has_all)
    fresh = await in_database(pages.newest)(cast.attic.pk, 1000)
    assert [known[seq] for seq in sorted(known)] == fresh.messages
    assert hub.heals > 0


async def test_two_sockets_of_many_see_the_same_log_in_the_same_order(cast: Cast, connect: Connect) -> None:
    people = [cast.alice, cast.bob, cast.charlie, cast.gast, cast.token]
    sockets = [await joined(connect, who, "kitchen") for who in people]
    for _ in range(8):
        for socket in sockets:
            await socket.command("send", room="kitchen", id=str(uuid.uuid4()), body=uuid.uuid4().hex)
    logs = [[await socket.assert_event("message") for _ in range(40)] for socket in sockets]
    assert [event["seq"] for event in logs[0]] == list(range(1, 41))
    assert all(log == logs[0] for log in logs)


# Costs


async def test_joining_takes_as_many_queries_for_many_as_for_one(
    cast: Cast, connect: Connect, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(cast.attic, cast.alice, 60)
    people = [await User.objects.acreate(username=f"user-{number}", name=f"User {number}") for number in range(20)]
    await Membership.objects.abulk_create([Membership(room=cast.attic, user=user) for user in people])
    first, *others = sockets = [await connect(user) for user in people]
    for socket in sockets:
        await socket.assert_event("heads")
    monkeypatch.setattr(presence.PresenceKeeper, "arrive", lambda *place: None)  # it writes beside the joins
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


async def test_a_room_of_another_kind_is_not_opened_by_its_name(cast: Cast, connect: Connect) -> None:
    talk = await Room.objects.acreate(slug="r-1", name="Roulette", kind=RoomKind.ROULETTE)
    await Membership.objects.acreate(room=talk, user=cast.alice)
    await (await connect(cast.bob)).assert_error("forbidden", "join", room="r-1")
    assert "r-1" not in (await (await connect(cast.alice)).assert_event("heads"))["rooms"]
    with pytest.raises(CommandError):
        await services.see(cast.charlie, "r-1")
