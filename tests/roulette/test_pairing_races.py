"""People who search, find, come and go at the same moment."""

import threading
from collections import Counter

import pytest
from django.db import connections

from accounts.models import User
from chat.models import Membership, Room, RoomKind
from realtime.storage.database import in_database
from roulette import pairing
from roulette.models import Seat
from roulette.pairing import look, part, take_seat
from roulette.seats import Move
from tests.roulette.seats import ENDED, TALKING, enter, seats, see
from tests.team import Team

pytestmark = pytest.mark.usefixtures("judging")


async def test_who_is_paired_while_leaving_does_not_leave_the_partner_alone(team: Team) -> None:
    await enter(team.alice)

    class Slow:
        """Finds the seat, but Bob is paired with it before it can be locked."""

        looks = 0

        def first(self) -> Seat | None:
            self.looks += 1
            seat = Seat.objects.filter(user=team.alice).first()
            if self.looks == 1:
                take_seat.__wrapped__(team.bob.pk, "Bob", [])  # type: ignore[attr-defined]
                assert look.__wrapped__(team.bob.pk, "Bob").state == TALKING  # type: ignore[attr-defined]
            return seat

    def act(seat: Seat, talking: list[Seat]) -> None:
        assert len(talking) == 2, "both are locked"
        # private: the steps of a command, with another one in between
        pairing._end(seat, talking, "partner_left")
        # private: as above
        pairing._move(seat, Move.LEAVE)

    # private: as above
    await in_database(pairing._with_talk)(Slow(), act)  # type: ignore[arg-type]
    place = await see(team.bob)
    assert (place.state, place.reason) == (ENDED, "partner_left")


async def test_who_is_found_while_searching_in_vain_is_told_of_the_partner(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not of a queue in which nobody waits any more."""
    await enter(team.alice)
    # private: another command comes between its search and its end
    search = pairing._search

    def slow(seat: Seat) -> bool:
        # private: as above
        monkeypatch.setattr(pairing, "_search", search)
        take_seat.__wrapped__(team.bob.pk, "Bob", [])  # type: ignore[attr-defined]
        assert look.__wrapped__(team.bob.pk, "Bob").state == TALKING  # type: ignore[attr-defined]
        return False

    # private: as above
    monkeypatch.setattr(pairing, "_search", slow)
    assert (await see(team.alice)).state == TALKING


async def test_many_who_search_at_once_are_paired_without_overlap(team: Team) -> None:
    people = [await User.objects.acreate(username=f"user-{number}", name=f"User {number}") for number in range(10)]
    start = threading.Barrier(len(people))
    problems: list[BaseException] = []

    def search(user: User) -> None:
        try:
            start.wait(30)
            assert take_seat.__wrapped__(user.pk, user.name, []) is None  # type: ignore[attr-defined]
            for _ in range(200):
                if look.__wrapped__(user.pk, user.name).state == TALKING:  # type: ignore[attr-defined]
                    return
            raise AssertionError(f"{user} met nobody")
        except BaseException as error:
            problems.append(error)
        finally:
            connections.close_all()

    def run() -> None:
        threads = [threading.Thread(target=search, args=(user,)) for user in people]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

    await in_database(run)()
    assert problems == []
    rooms = Counter([room async for room in Seat.objects.values_list("room", flat=True)])
    assert set(rooms.values()) == {2}
    assert len(rooms) == 5
    assert await Room.objects.filter(kind=RoomKind.ROULETTE).acount() == 5, "and no room is left over"
    assert await Membership.objects.filter(room__kind=RoomKind.ROULETTE).acount() == 10


async def test_people_who_come_and_go_at_once_leave_nobody_in_a_talk_alone(team: Team) -> None:
    people = [await User.objects.acreate(username=f"user-{number}", name=f"User {number}") for number in range(6)]
    problems: list[BaseException] = []

    def come_and_go(user: User, stay: bool) -> None:
        try:
            for turn in range(5):
                take_seat.__wrapped__(user.pk, user.name, [])  # type: ignore[attr-defined]
                look.__wrapped__(user.pk, user.name)  # type: ignore[attr-defined]
                stays = stay and turn < 4
                part.__wrapped__(user.pk, user.name, "next", stay=stays)  # type: ignore[attr-defined]
                look.__wrapped__(user.pk, user.name)  # type: ignore[attr-defined]
                pairing.sweep()
            part.__wrapped__(user.pk, user.name, "next", stay=False)  # type: ignore[attr-defined]
        except BaseException as error:
            problems.append(error)
        finally:
            connections.close_all()

    def run() -> None:
        threads = [
            threading.Thread(target=come_and_go, args=(user, number % 2 == 0)) for number, user in enumerate(people)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

    await in_database(run)()
    assert problems == []
    assert set((await seats()).values()) == {ENDED}
    open_talks = Room.objects.filter(kind=RoomKind.ROULETTE, archived_at=None)
    assert not await open_talks.aexists()
