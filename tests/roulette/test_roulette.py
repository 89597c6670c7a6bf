"""Roulette on sockets."""

import asyncio
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from accounts.models import User
from accounts.people.accounts import ban
from chat import entering
from chat.log import writer
from chat.models import Message, Room
from chat.presence import connections
from harness.asgi_client import AsgiClient
from harness.client import Event, eventually
from realtime import process
from realtime.delivery.hub import Hub
from realtime.storage.database import in_database
from roulette import consumers, pairing
from roulette.models import Block, Report, Seat
from tests.team import Connect, Team, signed_in


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "LOOK_WAITING", 0.05)
    monkeypatch.setattr(process, "may_bury", lambda: True)


async def enter(connect: Connect, who: Any, **fields: Any) -> AsgiClient:
    socket = await connect(who)
    assert await socket.ask("roulette.enter", ref="in", **fields) == {"type": "ok", "ref": "in"}
    return socket


async def paired(connect: Connect, one: Any, other: Any) -> tuple[AsgiClient, AsgiClient, str]:
    """Return two sockets that talk, and their room."""
    first = await enter(connect, one)
    await first.assert_event("roulette.waiting")
    second = await enter(connect, other)
    rooms = [(await socket.assert_event("roulette.paired"))["room"] for socket in (first, second)]
    assert rooms[0] == rooms[1]
    return first, second, rooms[0]


async def sweep(seconds: float = 60) -> None:
    """Sweep, as every process does each second, this many seconds after sockets closed."""
    await eventually(lambda: in_database(Seat.objects.exclude(gone_at=None).exists)())
    await Seat.objects.exclude(gone_at=None).aupdate(gone_at=F("gone_at") - timedelta(seconds=seconds))
    await in_database(pairing.sweep)()


async def test_two_strangers_are_paired_and_talk(team: Team, connect: Connect) -> None:
    alice = await enter(connect, team.alice)
    assert await alice.assert_event("roulette.waiting") == {"type": "roulette.waiting", "position": 1, "waiting": 1}
    gast = await enter(connect, team.gast, tags=["films"])
    for socket, partner in ((alice, team.gast), (gast, team.alice)):
        event = await socket.assert_event("roulette.paired")
        assert event["partner"] == partner.on_wire()
        room = event["room"]
    assert room.startswith("r-")
    ack = await alice.say(room, "psst")
    for socket in (alice, gast):
        event = await socket.assert_event("message")
        assert (event["room"], event["seq"], event["body"]) == (room, ack["seq"], "psst")
    await gast.send_command("typing", room=room)
    assert (await alice.assert_event("typing"))["user"] == team.gast.on_wire()
    await gast.assert_silence("roulette.waiting", "roulette.paired", "roulette.ended")


async def test_nobody_else_sees_the_talk(team: Team, connect: Connect) -> None:
    alice, _, room = await paired(connect, team.alice, team.bob)
    charlie = await connect(team.charlie)
    await charlie.assert_event("heads")
    await alice.say(room, "psst")
    await charlie.assert_silence("message", "heads")
    await charlie.assert_error("forbidden", "join", room=room)
    browser = await signed_in(team.charlie)
    assert (await browser.get(f"/api/rooms/{room}/messages/")).status_code == 403
    assert room not in (await browser.get("/api/rooms/")).content.decode()
    assert room not in (await browser.get("/api/status/")).content.decode()


async def test_next_ends_the_talk_for_both_and_searches_again(team: Team, connect: Connect) -> None:
    alice, bob, room = await paired(connect, team.alice, team.bob)
    await alice.call("roulette.next")
    for socket in (alice, bob):
        assert await socket.assert_event("roulette.ended") == {"type": "roulette.ended", "room": room, "reason": "next"}
        await socket.assert_error("not_joined", "send", room=room, id=str(uuid.uuid4()), body="hello?")
    await alice.assert_event("roulette.waiting", position=1, waiting=1)
    await bob.assert_silence("roulette.waiting")
    await bob.call("roulette.next")
    await bob.assert_event("roulette.waiting")
    for socket in (alice, bob):
        await socket.assert_silence("roulette.paired")
    await enter(connect, team.gast)
    event = await asyncio.wait_for(first_of("roulette.paired", alice, bob), 10)
    assert event["partner"] == team.gast.on_wire()


async def first_of(type: str, *sockets: AsgiClient) -> Event:
    tasks = [asyncio.create_task(socket.assert_event(type)) for socket in sockets]
    done, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in rest:
        task.cancel()
    return done.pop().result()


async def test_leaving_tells_the_partner_who_may_go_on(team: Team, connect: Connect) -> None:
    alice, bob, room = await paired(connect, team.alice, team.bob)
    assert (await alice.call("roulette.leave"))["type"] == "ok"
    assert (await bob.assert_event("roulette.ended"))["reason"] == "partner_left"
    await alice.assert_silence("roulette.ended", "roulette.waiting")
    assert (await Room.objects.aget(slug=room)).archived_at
    await bob.call("roulette.enter")
    await bob.assert_event("roulette.waiting", position=1, waiting=1)
    gast = await enter(connect, team.gast)
    assert (await gast.assert_event("roulette.paired"))["partner"] == team.bob.on_wire()


async def test_leaving_the_queue_leaves_it(team: Team, connect: Connect) -> None:
    alice = await enter(connect, team.alice)
    await alice.assert_event("roulette.waiting")
    await alice.call("roulette.leave")
    await alice.call("roulette.leave")
    bob = await enter(connect, team.bob)
    assert (await bob.assert_event("roulette.waiting"))["waiting"] == 1
    await alice.call("roulette.next")
    await alice.assert_event("roulette.paired")


async def test_another_tab_of_the_same_person_is_a_conflict(team: Team, connect: Connect) -> None:
    alice = await enter(connect, team.alice)
    other = await connect(team.alice)
    await other.assert_error("conflict", "roulette.enter")
    await other.assert_error("conflict", "roulette.next")
    await alice.assert_error("conflict", "roulette.enter")
    await alice.assert_event("roulette.waiting")
    await enter(connect, team.bob)
    await alice.assert_event("roulette.paired")
    await other.assert_error("conflict", "roulette.enter")
    await other.assert_silence("roulette.waiting", "roulette.paired")


async def test_a_tab_that_does_not_answer_loses_its_seat(
    team: Team, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "PROBE_PATIENCE", 0.1)
    assert await pairing.take_seat(team.alice.pk, "a socket that is no more", []) is None
    alice = await enter(connect, team.alice)
    await alice.assert_event("roulette.waiting", position=1, waiting=1)


async def test_bots_are_not_people(team: Team, connect: Connect) -> None:
    await (await connect(team.token)).assert_error("forbidden", "roulette.enter")


async def test_a_block_lasts_and_is_not_told(team: Team, connect: Connect) -> None:
    alice, bob, _ = await paired(connect, team.alice, team.bob)
    await alice.call("roulette.block")
    assert (await alice.assert_event("roulette.ended"))["reason"] == "blocked"
    assert (await bob.assert_event("roulette.ended"))["reason"] == "partner_left"
    assert await Block.objects.filter(blocker=team.alice, blocked=team.bob).aexists()
    await Seat.objects.all().adelete()
    for socket in (alice, bob):
        await socket.call("roulette.enter")
        await socket.assert_event("roulette.waiting")
        await socket.assert_silence("roulette.paired")


async def test_a_report_ends_the_talk_and_is_kept_with_what_was_said(team: Team, connect: Connect) -> None:
    alice, bob, room = await paired(connect, team.alice, team.bob)
    await bob.say(room, "something rude")
    await alice.assert_event("message")
    await alice.call("roulette.report", reason="rude")
    assert (await alice.assert_event("roulette.ended"))["reason"] == "reported"
    assert (await bob.assert_event("roulette.ended"))["reason"] == "partner_left"
    report = await Report.objects.select_related("room").aget()
    assert (report.reason, report.room.slug) == ("rude", room)
    assert [message.body async for message in report.room.messages.all()] == ["something rude"]


async def test_who_fears_a_report_can_take_back_neither_words_nor_membership(team: Team, connect: Connect) -> None:
    alice, bob, room = await paired(connect, team.alice, team.bob)
    rude = await bob.say(room, "something rude")
    await bob.assert_error("forbidden", "edit", room=room, seq=rude["seq"], body="hello")
    await bob.assert_error("forbidden", "delete", room=room, seq=rude["seq"])
    browser = await signed_in(team.bob)
    left = await browser.delete(f"/api/rooms/{room}/members/{team.bob.pk}/")
    assert (left.status_code, left.json()["error"]["code"]) == (409, "conflict")
    assert (await alice.call("roulette.report", reason="rude"))["type"] == "ok"
    report = await Report.objects.aget()
    assert report.reported_id == team.bob.pk
    assert [each.body async for each in Message.objects.filter(room=report.room_id)] == ["something rude"]


async def test_one_can_still_be_reported_after_leaving(team: Team, connect: Connect) -> None:
    alice, bob, _ = await paired(connect, team.alice, team.bob)
    await bob.call("roulette.leave")
    await alice.assert_event("roulette.ended")
    await alice.call("roulette.report", reason="rude")
    assert await Report.objects.filter(reported=team.bob).aexists()


async def test_without_a_partner_there_is_nobody_to_block_or_report(team: Team, connect: Connect) -> None:
    alice = await connect(team.alice)
    for type in ("roulette.block", "roulette.report"):
        await alice.assert_error("conflict", type)
    await alice.call("roulette.enter")
    await alice.assert_error("conflict", "roulette.block")


# Sockets that go, and come back


async def test_a_partner_who_is_gone_for_longer_than_the_grace_has_left(team: Team, connect: Connect) -> None:
    alice, bob, room = await paired(connect, team.alice, team.bob)
    await alice.close()
    await in_database(pairing.sweep)()
    await bob.assert_silence("roulette.ended")
    await sweep()
    assert await bob.assert_event("roulette.ended") == {
        "type": "roulette.ended",
        "room": room,
        "reason": "partner_left",
    }


async def test_a_reload_within_the_grace_goes_on_with_the_talk(team: Team, connect: Connect) -> None:
    alice, bob, room = await paired(connect, team.alice, team.bob)
    await alice.say(room, "before")
    await bob.assert_event("message")
    await alice.close()
    await bob.say(room, "are you there?")
    again = await enter(connect, team.alice)
    event = await again.assert_event("roulette.paired")
    assert (event["room"], event["partner"]) == (room, team.bob.on_wire())
    assert [(await again.assert_event("message"))["body"] for _ in range(2)] == ["before", "are you there?"]
    await sweep_nothing()
    await bob.assert_silence("roulette.ended", "roulette.paired")
    await again.say(room, "yes")
    assert (await bob.assert_event("message", body="yes"))["seq"] == 3
    await again.call("roulette.next")
    await bob.assert_event("roulette.ended")


async def sweep_nothing() -> None:
    assert not await Seat.objects.exclude(gone_at=None).aexists()
    await in_database(pairing.sweep)()


async def test_a_ban_takes_one_out_of_the_talk(team: Team, connect: Connect) -> None:
    alice, bob, _ = await paired(connect, team.alice, team.bob)
    await in_database(ban)(team.alice)
    await alice.assert_closed(4403)
    await alice.close()
    await sweep()
    await bob.assert_event("roulette.ended")


async def test_a_place_in_the_queue_survives_a_reload(team: Team, connect: Connect) -> None:
    for one in (team.alice, team.bob):
        await Block.objects.acreate(blocker=one, blocked=team.bob if one == team.alice else team.alice)
    alice = await enter(connect, team.alice)
    await alice.assert_event("roulette.waiting")
    bob = await enter(connect, team.bob)
    await bob.assert_event("roulette.waiting", position=2)
    await alice.close()
    again = await enter(connect, team.alice)
    await again.assert_event("roulette.waiting", position=1, waiting=2)


async def test_a_seat_that_was_given_up_while_its_process_slept_waits_again(team: Team, connect: Connect) -> None:
    alice = await enter(connect, team.alice)
    await alice.assert_event("roulette.waiting")
    await Seat.objects.aupdate(process="asleep")
    await in_database(pairing.sweep)()
    await eventually(lambda: in_database(Seat.objects.filter(state="waiting").exists)())
    bob = await enter(connect, team.bob)
    assert (await bob.assert_event("roulette.paired"))["partner"] == team.alice.on_wire()
    await alice.assert_event("roulette.paired")


async def test_a_talk_that_was_given_up_while_its_process_slept_has_expired(
    team: Team, connect: Connect, hub: Hub
) -> None:
    alice, bob, _ = await paired(connect, team.alice, team.bob)
    await Seat.objects.filter(user=team.alice).aupdate(process="asleep")
    await in_database(pairing.sweep)()
    assert (await bob.assert_event("roulette.ended"))["reason"] == "partner_left"
    await Seat.objects.filter(user=team.alice).aupdate(process="awake")
    for consumer in hub.connections:
        # private: its clock, which is not ours to turn
        consumer._wake.set()  # in real life the next look is due, by now
    assert (await alice.assert_event("roulette.ended"))["reason"] == "expired"


# Races


async def test_last_words_arrive_before_the_end(
    team: Team, connect: Connect, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob, room = await paired(connect, team.alice, team.bob)
    await alice.say(room, "hi")
    await bob.assert_event("message")

    async def lost(publications: Any) -> bool:
        return False

    monkeypatch.setattr(writer, "publish", lost)
    await alice.say(room, "last words")
    await alice.call("roulette.leave")
    await bob.assert_event("roulette.ended")
    assert [event["body"] for event in bob.events if event["type"] == "message"] == ["last words"]


async def test_a_failure_while_joining_the_talk_is_made_up_for(
    team: Team, connect: Connect, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    alice = await enter(connect, team.alice)
    await alice.assert_event("roulette.waiting")
    failures = [OSError("away"), OSError("away")]
    enter_room = entering.enter

    async def fail(*arguments: Any) -> Any:
        if failures:
            raise failures.pop()
        return await enter_room(*arguments)

    monkeypatch.setattr(entering, "enter", fail)
    bob = await enter(connect, team.bob)
    for socket in (alice, bob):
        await socket.assert_event("roulette.paired")


async def test_both_press_next_at_once_and_both_search(team: Team, connect: Connect) -> None:
    alice, bob, room = await paired(connect, team.alice, team.bob)
    await asyncio.gather(alice.call("roulette.next"), bob.call("roulette.next"))
    for socket in (alice, bob):
        await socket.assert_event("roulette.ended", room=room)
        await socket.assert_event("roulette.waiting")
        await socket.assert_silence("roulette.ended", "roulette.paired")
    assert await Seat.objects.filter(state="waiting").acount() == 2


@pytest.mark.parametrize("moment", ["together", "before the other looks", "after the other looked"])
async def test_when_both_press_next_each_hears_ok_and_then_waiting_or_paired(
    team: Team, connect: Connect, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    alice, bob, _ = await paired(connect, team.alice, team.bob)
    look, pressed = pairing.look, asyncio.Event()

    async def press_while_looking(user_id: int, socket: str) -> Any:
        """Bob presses while his socket looks at what Alice did."""
        place = await look(user_id, socket) if moment == "after the other looked" else None
        if user_id == team.bob.pk and not pressed.is_set():
            pressed.set()
            await bob.send_command("roulette.next", ref="bob")
            for _ in range(20):
                await asyncio.sleep(0)  # so that the command is taken
        return place or await look(user_id, socket)

    monkeypatch.setattr(pairing, "look", press_while_looking)
    for _ in range(10):
        pressed.clear()
        if moment == "together":
            pressed.set()
            await bob.send_command("roulette.next", ref="bob")
        await alice.send_command("roulette.next", ref="alice")
        for socket, ref in ((alice, "alice"), (bob, "bob")):
            told = [ref, "roulette.waiting", "roulette.paired"]  # in this order
            for _ in told[:2]:
                event = await socket.next(lambda event, told=told: event.get("ref", event["type"]) in told)  # type: ignore[misc]
                assert event.get("ref", event["type"]) == told.pop(0)
                assert event["type"] in ("ok", "roulette.waiting")
        await Seat.objects.aupdate(previous=None, parted_at=None)  # as if it were long ago: they meet again
        rooms = {(await socket.assert_event("roulette.paired"))["room"] for socket in (alice, bob)}
        assert len(rooms) == 1
        for socket in (alice, bob):
            socket.events.clear()


async def test_who_goes_on_in_another_tab_is_told_so_in_this_one(
    team: Team, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old tab answered too late. It must not go on showing a talk or a queue that it is not in."""
    monkeypatch.setattr(consumers, "PROBE_PATIENCE", 0.0)
    alice, bob, room = await paired(connect, team.alice, team.bob)
    again = await enter(connect, team.alice)
    assert (await again.assert_event("roulette.paired"))["room"] == room
    monkeypatch.setattr(consumers, "LOOK_TALKING", 0.05)
    # private: a hint as another process sends it
    await in_database(pairing._hint)([await Seat.objects.aget(user=team.alice)])
    ended = {"type": "roulette.ended", "room": room, "reason": "elsewhere"}
    assert await alice.assert_event("roulette.ended") == ended
    await again.call("roulette.leave")
    await again.call("roulette.enter")
    await again.assert_event("roulette.waiting")
    last = await enter(connect, team.alice)
    await last.assert_event("roulette.waiting")
    assert await again.assert_event("roulette.ended") == {**ended, "room": None}
    await bob.assert_event("roulette.ended")


async def test_the_truth_is_told_when_the_seat_was_taken_though_the_command_failed(
    team: Team, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database took the seat, but its answer was lost. Nobody may be paired with a client that hears nothing."""
    take_seat = pairing.take_seat

    async def lost(*arguments: Any, **options: Any) -> None:
        await take_seat(*arguments, **options)
        raise OSError("The answer was lost.")

    monkeypatch.setattr(pairing, "take_seat", lost)
    alice = await connect(team.alice)
    await alice.assert_error("internal", "roulette.enter")
    await alice.assert_event("roulette.waiting")
    monkeypatch.setattr(pairing, "take_seat", take_seat)
    await enter(connect, team.bob)
    await alice.assert_event("roulette.paired")


async def test_a_deleted_partner_has_left(team: Team, connect: Connect) -> None:
    alice, _, room = await paired(connect, team.alice, team.gast)
    await in_database(team.gast.delete)()
    # private: a hint as another process sends it
    await in_database(pairing._hint)([await Seat.objects.aget(user=team.alice)])
    await alice.assert_event("roulette.ended", room=room, reason="partner_left")
    await alice.call("roulette.next")
    await alice.assert_event("roulette.waiting")


async def test_one_who_left_the_room_by_hand_still_hears_of_the_end(team: Team, connect: Connect) -> None:
    alice, bob, room = await paired(connect, team.alice, team.bob)
    await bob.call("leave", room=room)
    await alice.call("roulette.leave")
    await bob.assert_event("roulette.ended", room=room)


async def test_many_people_on_sockets_are_paired_without_overlap(team: Team, connect: Connect) -> None:
    people = [await User.objects.acreate(username=f"user-{number}", name=f"User {number}") for number in range(8)]
    sockets = [await connect(user) for user in people]
    await asyncio.gather(*[socket.call("roulette.enter") for socket in sockets])
    events = [await socket.assert_event("roulette.paired") for socket in sockets]
    partners = {user.pk: event["partner"]["id"] for user, event in zip(people, events, strict=True)}
    assert all(partners[partners[pk]] == pk != partners[pk] for pk in partners)
    assert len({event["room"] for event in events}) == 4


async def test_who_is_in_a_talk_is_online_until_it_ends(team: Team, connect: Connect) -> None:
    alice, bob, room = await paired(connect, team.alice, team.bob)
    keeper = connections.current_presence()
    await keeper.flush()
    pk = (await Room.objects.aget(slug=room)).pk
    assert len((await connections.online([pk]))[pk][1]) == 2
    await alice.call("roulette.next")
    await bob.assert_event("roulette.ended")
    await keeper.flush()
    assert (await connections.online([pk]))[pk][1] == []
