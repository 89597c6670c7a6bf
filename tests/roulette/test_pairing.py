"""Seats, the search for a partner, the end of a talk."""

import pytest
from django.utils import timezone

from chat.models import Room, RoomKind
from realtime import process
from realtime.models import Process
from realtime.storage.database import in_database
from realtime.wire.protocol import CommandError
from roulette import pairing
from roulette.models import Block, Report, Seat
from roulette.pairing import block_partner, report_partner, socket_gone, take_seat
from tests.roulette.seats import ENDED, LOST, TALKING, WAITING, enter, leave, long_ago, pair, seats, see
from tests.team import Team

pytestmark = pytest.mark.usefixtures("judging")


async def test_one_waits_and_the_next_is_the_partner(team: Team) -> None:
    place = await enter(team.alice)
    assert (place.state, place.position, place.waiting) == (WAITING, 1, 1)
    place = await enter(team.bob)
    assert (place.state, place.partner) == (TALKING, team.alice.on_wire())
    other = await see(team.alice)
    assert (other.state, other.room, other.partner) == (TALKING, place.room, team.bob.on_wire())
    room = await Room.objects.aget(slug=place.room)
    assert (room.kind, room.slug[:2]) == (RoomKind.ROULETTE, "r-")
    assert {each async for each in room.memberships.values_list("user", flat=True)} == {team.alice.pk, team.bob.pk}
    assert await see(team.alice) == other, "and nobody else joins"
    assert (await enter(team.gast)).state == WAITING


async def test_one_knows_ones_place_in_the_queue(team: Team) -> None:
    users = [team.alice, team.bob, team.charlie]
    for one in users:  # nobody may meet anybody
        await Block.objects.abulk_create([Block(blocker=one, blocked=other) for other in users if other != one])
    places = [await enter(user) for user in users]
    assert [(place.position, place.waiting) for place in places] == [(1, 1), (2, 2), (3, 3)]
    await leave(team.alice)
    assert [((await see(user)).position, (await see(user)).waiting) for user in users[1:]] == [(1, 2), (2, 2)]


async def test_nobody_meets_themselves_in_another_tab(team: Team) -> None:
    await enter(team.alice, socket="tab 1")
    assert await take_seat(team.alice.pk, "tab 2", []) == "tab 1"
    assert (await see(team.alice, "tab 2")).state == LOST
    assert (await see(team.alice, "tab 1")).waiting == 1
    assert await take_seat(team.alice.pk, "tab 2", [], from_another=True) is None, "unless the other is not there"
    lost = await see(team.alice, "tab 1")
    assert (lost.state, lost.reason) == (LOST, "elsewhere")
    assert (await see(team.alice, "tab 2")).waiting == 1


async def test_a_seat_whose_process_died_is_free_for_its_person(team: Team) -> None:
    await enter(team.alice, socket="tab 1")
    await Seat.objects.aupdate(process="dead")
    assert await take_seat(team.alice.pk, "tab 2", []) is None
    await Seat.objects.aupdate(process="well")
    moment = timezone.now()
    await Process.objects.acreate(id="well", host="x", pid=1, started_at=moment, seen_at=moment)
    assert await take_seat(team.alice.pk, "tab 3", []) == "tab 2"


# Whom one meets


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """The candidates among which chance decided, each time."""
    found: list[set[str]] = []

    def choose(seats: list[Seat]) -> Seat:
        found.append({seat.user.name for seat in seats})
        return seats[-1]

    monkeypatch.setattr("roulette.pairing.random.choice", choose)
    return found


async def test_the_previous_partner_is_not_met_again_at_once(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    await pair(team.alice, team.bob)
    await leave(team.alice, "next", stay=True)
    await leave(team.bob, "next", stay=True)
    assert (await see(team.alice)).state == (await see(team.bob)).state == WAITING
    assert (await enter(team.gast)).state == TALKING, "but anybody else at once"
    await leave(team.gast)

    await Seat.objects.exclude(user__in=[team.alice, team.bob]).adelete()
    for user in (team.alice, team.bob):
        await leave(user, "next", stay=True)
    await Seat.objects.filter(user=team.alice).aupdate(previous=team.bob, parted_at=timezone.now())
    await Seat.objects.filter(user=team.bob).aupdate(previous=team.alice, parted_at=timezone.now())
    assert (await see(team.alice)).state == WAITING
    await long_ago(parted_at=True)
    assert (await see(team.alice)).state == TALKING, "after a while, when there is nobody else"


async def test_who_leaves_and_comes_back_does_not_meet_the_same_one_either(team: Team) -> None:
    await pair(team.alice, team.bob)
    await leave(team.alice)
    await leave(team.bob)
    assert (await enter(team.alice)).state == (await enter(team.bob)).state == WAITING
    assert (await see(team.alice)).state == WAITING


async def test_somebody_else_is_preferred_to_the_previous_partner_however_long_ago(
    team: Team, offered: list[set[str]]
) -> None:
    await pair(team.alice, team.bob)
    await leave(team.alice, "next", stay=True)
    await leave(team.bob, "next", stay=True)
    await long_ago(parted_at=True)
    assert await take_seat(team.charlie.pk, "Charlie", []) is None
    assert (await see(team.alice)).partner == team.charlie.on_wire()
    assert offered[-1] == {"Charlie"}


async def test_ones_own_previous_partner_is_avoided_even_who_has_met_another_since(
    team: Team, offered: list[set[str]]
) -> None:
    await pair(team.alice, team.bob)
    for user in (team.alice, team.bob):
        await leave(user)
    await pair(team.bob, team.gast)
    for user in (team.bob, team.gast):
        await leave(user)
    await Block.objects.acreate(blocker=team.bob, blocked=team.charlie)
    await enter(team.bob)
    await enter(team.charlie)
    assert (await enter(team.alice)).partner == team.charlie.on_wire()
    assert offered[-1] == {"Charlie"}


@pytest.mark.parametrize("blocker", ["alice", "bob"])
async def test_people_of_whom_one_has_blocked_the_other_never_meet(team: Team, blocker: str) -> None:
    room = await pair(team.alice, team.bob)
    user = getattr(team, blocker)
    await block_partner(user.pk, user.name)
    assert set((await seats()).values()) == {ENDED}, "which ends the talk, together with the block"
    for each in (team.alice, team.bob):
        await leave(each)
    await Seat.objects.all().adelete()
    for each in (team.alice, team.bob, team.alice, team.bob):
        assert (await enter(each)).state == WAITING
    assert (await enter(team.gast)).state == TALKING
    assert (await Room.objects.aget(slug=room)).archived_at


async def test_a_shared_topic_is_preferred_but_not_needed(team: Team) -> None:
    await Block.objects.acreate(blocker=team.alice, blocked=team.bob)
    await enter(team.alice, "films")
    await enter(team.bob, "chess", "food")
    place = await enter(team.charlie, "food")
    assert place.partner == team.bob.on_wire()
    assert (await enter(team.gast, "music")).partner == team.alice.on_wire()


async def test_the_choice_is_by_chance(team: Team, offered: list[set[str]]) -> None:
    await Block.objects.acreate(blocker=team.alice, blocked=team.bob)
    await enter(team.alice)
    await enter(team.bob)
    assert (await enter(team.gast)).partner
    assert offered == [{"Alice", "Bob"}]


async def test_nobody_is_paired_with_one_who_is_not_there(team: Team) -> None:
    await enter(team.alice)
    await socket_gone(team.alice.pk, "Alice")
    assert (await enter(team.bob)).state == WAITING
    await enter(team.charlie)
    await Seat.objects.all().adelete()
    await enter(team.alice)
    await Seat.objects.aupdate(process="dead")
    assert (await enter(team.bob)).state == WAITING


# The end


async def test_the_end_of_a_talk_is_the_end_for_both(team: Team) -> None:
    slug = await pair(team.alice, team.bob)
    await leave(team.alice, "next", stay=True)
    assert (await see(team.alice)).state == WAITING
    place = await see(team.bob)
    assert (place.state, place.room, place.reason) == (ENDED, slug, "next")
    assert (await Room.objects.aget(slug=slug)).archived_at
    await leave(team.bob, "next", stay=True)
    assert (await see(team.bob)).state == WAITING


@pytest.mark.parametrize("reason", ["partner_left", "blocked", "reported"])
async def test_the_partner_is_told_that_one_left_and_not_why(team: Team, reason: str) -> None:
    await pair(team.alice, team.bob)
    await leave(team.alice, reason)
    assert ((await see(team.bob)).state, (await see(team.bob)).reason) == (ENDED, "partner_left")
    assert (await see(team.alice)).state == LOST


async def test_leaving_twice_and_without_a_talk_does_no_harm(team: Team) -> None:
    await leave(team.alice)
    await enter(team.alice)
    for _ in range(2):
        await leave(team.alice)
    assert (await enter(team.bob)).state == WAITING
    await pair_ended(team)


async def pair_ended(team: Team) -> None:
    await enter(team.alice)
    await leave(team.bob)
    await leave(team.alice)
    assert await seats() == {"Alice": ENDED, "Bob": ENDED}


async def test_a_report_has_the_talk_and_its_partner_even_after_the_end(team: Team) -> None:
    slug = await pair(team.alice, team.bob)
    await leave(team.bob)
    await report_partner(team.alice.pk, "Alice", "rude")
    report = await Report.objects.select_related("room", "reporter", "reported").aget()
    assert (report.reporter, report.reported, report.room.slug) == (team.alice, team.bob, slug)
    assert (report.reason, report.settled_at) == ("rude", None)
    assert await Block.objects.filter(blocker=team.alice, blocked=team.bob).aexists()


async def test_without_a_partner_there_is_nobody_to_block_or_report(team: Team) -> None:
    for _ in range(2):
        with pytest.raises(CommandError) as caught:
            await block_partner(team.alice.pk, "Alice")
        assert caught.value.code == "conflict"
        with pytest.raises(CommandError):
            await report_partner(team.alice.pk, "Alice", "")
        await enter(team.alice)
    assert not await Report.objects.aexists()


async def test_a_seat_outlives_its_socket_for_a_while(team: Team) -> None:
    slug = await pair(team.alice, team.bob)
    await socket_gone(team.alice.pk, "Alice")
    await in_database(pairing.sweep)()
    assert (await see(team.bob)).state == TALKING
    place = await enter(team.alice, socket="after a reload")
    assert (place.state, place.room, place.partner) == (TALKING, slug, team.bob.on_wire())
    await long_ago(gone_at=True)
    await in_database(pairing.sweep)()
    assert (await see(team.bob)).state == TALKING


async def test_one_who_does_not_come_back_has_left(team: Team) -> None:
    await pair(team.alice, team.bob)
    await enter(team.gast)
    for user in (team.alice, team.gast):
        await socket_gone(user.pk, user.name)
    await long_ago(gone_at=True)
    await in_database(pairing.sweep)()
    place = await see(team.bob)
    assert (place.state, place.reason) == (ENDED, "partner_left")
    assert await seats() == {"Alice": ENDED, "Bob": ENDED, "Gast": ENDED}
    assert (await enter(team.alice)).state == WAITING


async def test_the_seats_of_a_dead_process_are_swept(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    await pair(team.alice, team.bob)
    await Seat.objects.filter(user=team.alice).aupdate(process="dead")
    monkeypatch.setattr(process, "may_bury", lambda: False)
    await in_database(pairing.sweep)()
    assert (await see(team.bob)).state == TALKING, "one that slept itself is no judge"
    monkeypatch.setattr(process, "may_bury", lambda: True)
    await in_database(pairing.sweep)()
    assert (await see(team.bob)).state == ENDED


async def test_ended_seats_are_forgotten_in_the_end(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    await pair(team.alice, team.bob)
    await leave(team.alice)
    await enter(team.gast)
    await in_database(pairing.sweep)()
    assert len(await seats()) == 3
    monkeypatch.setattr(pairing, "FORGET_AFTER", -1.0)
    await in_database(pairing.sweep)()
    assert await seats() == {"Gast": WAITING}
