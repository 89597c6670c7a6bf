"""Messages, typing and reading on `/ws/chat/`, from a client's view (docs/protocol.md)."""

import uuid

import pytest

from chat.log import writer
from chat.models import PersonInRoom
from tests.team import Connect, Team, fill, joined


async def test_a_message_is_acknowledged_and_told_with_the_same_numbers(team: Team, connect: Connect) -> None:
    alice, bob = await joined(connect, team.alice, "kitchen"), await joined(connect, team.bob, "kitchen")
    id = str(uuid.uuid4())
    ack = await alice.call("send", ref="r1", room="kitchen", id=id, body="*hi* <b>")
    at = ack.pop("at")
    assert ack == {"type": "ack", "ref": "r1", "room": "kitchen", "id": id, "seq": 1, "rev": 1, "duplicate": False}
    assert len(at) == len("2026-11-21T10:00:00.000Z")
    for socket in (alice, bob):
        event = await socket.assert_event("message")
        assert (event["id"], event["seq"], event["rev"], event["at"]) == (id, 1, 1, at)
        assert (event["body"], event["html"]) == ("*hi* <b>", '<p dir="auto"><em>hi</em> &lt;b&gt;</p>')
        assert event["sender"] == team.alice.on_wire()


async def test_the_same_id_again_is_the_same_message(team: Team, connect: Connect) -> None:
    alice, bob = await joined(connect, team.alice, "kitchen"), await joined(connect, team.bob, "kitchen")
    first = await alice.say("kitchen", "hi", id=str(uuid.uuid4()))
    await bob.assert_event("message")
    await alice.call("edit", room="kitchen", seq=1, body="edited")
    await bob.assert_event("message")
    again = await (await joined(connect, team.alice, "kitchen")).say("kitchen", "other words", id=first["id"])
    keys = ("id", "seq", "rev", "at")
    assert [again[key] for key in keys] == [first[key] for key in keys]
    assert again["duplicate"] is True
    await bob.assert_silence()


async def test_a_sender_is_who_signed_in_whatever_the_command_says(team: Team, connect: Connect) -> None:
    gast = await joined(connect, team.gast, "kitchen")
    await gast.say("kitchen", "hi", sender={"id": team.alice.pk, "name": "Alice"}, user=team.alice.pk)
    assert (await gast.assert_event("message"))["sender"] == team.gast.on_wire()


async def test_a_message_is_edited_deleted_and_reacted_to(team: Team, connect: Connect) -> None:
    alice, bob = await joined(connect, team.alice, "kitchen"), await joined(connect, team.bob, "kitchen")
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
    assert [state["reactions"] for state in states] == [{}, {}, {"👍": [team.bob.pk]}, {}]
    assert [state["deleted"] for state in states] == [False, False, False, True]
    assert states[0]["edited_at"] is None
    assert states[1]["edited_at"]


async def test_an_edit_of_an_older_text_is_told_the_newer_one(team: Team, connect: Connect) -> None:
    one, two = await joined(connect, team.alice, "kitchen"), await joined(connect, team.alice, "kitchen")
    await one.say("kitchen", "hi")
    await one.call("edit", room="kitchen", seq=1, body="ho", base=None)
    error = await two.assert_error("conflict", "edit", room="kitchen", seq=1, body="hey", base=None)
    assert error["message"]["body"] == "ho"
    base = error["message"]["edited_at"]
    assert (await two.call("edit", room="kitchen", seq=1, body="hey", base=base))["rev"] == 3
    await two.assert_error("bad_message", "edit", room="kitchen", seq=1, body="x", base=7)


async def test_what_may_not_be_done_to_messages(team: Team, connect: Connect) -> None:
    alice, bob = await joined(connect, team.alice, "kitchen"), await joined(connect, team.bob, "kitchen")
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


async def test_commands_may_be_sent_without_waiting(team: Team, connect: Connect) -> None:
    alice = await joined(connect, team.alice, "kitchen")
    await alice.send_command("send", room="kitchen", id=str(uuid.uuid4()), body="first")
    await alice.send_command("edit", room="kitchen", seq=1, body="second")
    long = "third " * 200  # rendered beside the loop
    await alice.send_command("send", room="kitchen", id=str(uuid.uuid4()), body=long)
    await alice.send_command("edit", room="kitchen", seq=2, body="fourth")
    await alice.send_command("delete", ref="end", room="kitchen", seq=1)
    assert (await alice.next(lambda event: event.get("ref") == "end"))["rev"] == 5
    bodies = [(await alice.assert_event("message", rev=rev))["body"] for rev in range(1, 6)]
    assert bodies == ["first", "second", long, "fourth", ""]


async def test_a_full_queue_says_when_to_come_back(
    team: Team, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = await joined(connect, team.alice, "kitchen")
    monkeypatch.setattr(writer, "QUEUE", 0)
    error = await alice.assert_error("busy", "send", room="kitchen", id=str(uuid.uuid4()), body="hi")
    assert error["retry_after"] > 0


# Typing and reading


async def test_typing_reaches_those_in_the_room_now_and_then(team: Team, connect: Connect) -> None:
    alice, bob = await joined(connect, team.alice, "attic"), await joined(connect, team.bob, "attic")
    outsider = await connect(team.bob)
    for _ in range(5):
        await alice.send_command("typing", room="attic")
    assert await bob.assert_event("typing") == {"type": "typing", "room": "attic", "user": team.alice.on_wire()}
    await bob.assert_silence()
    await outsider.assert_silence()


async def test_reading_is_told_to_ones_own_other_sockets_only(team: Team, connect: Connect) -> None:
    await fill(team.kitchen, team.alice, 5)
    bob, other, alice = [await joined(connect, who, "kitchen") for who in (team.bob, team.bob, team.alice)]
    await bob.send_command("read", room="kitchen", seq=3)
    assert await other.assert_event("read") == {"type": "read", "room": "kitchen", "seq": 3}
    await bob.send_command("read", room="kitchen", seq=2)
    await bob.send_command("read", room="kitchen", seq=3)
    for socket in (bob, other, alice):
        await socket.assert_silence()
    assert (await bob.call("join", room="kitchen"))["read"] == 3
    await bob.send_command("read", room="kitchen", seq=999)
    assert (await other.assert_event("read"))["seq"] == 5, "no further than there are messages"
    assert await PersonInRoom.objects.acount() == 1
