import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from accounts.models import User
from chat.models import Membership, Room, RoomKind
from chat.rooms.access import open_room, owned_room, require_person, visible_rooms
from realtime.wire.protocol import CommandError
from tests.team import Team, make_team


@pytest.fixture
def team(db: None) -> Team:
    return make_team()


def code(call: object) -> str:
    with pytest.raises(CommandError) as caught:
        call()  # type: ignore[operator]
    return caught.value.code


def test_a_list_has_public_rooms_and_those_one_is_a_member_of(team: Team) -> None:
    def listed(user: User | AnonymousUser) -> list[str]:
        return [room.slug for room in visible_rooms(user)]

    assert listed(team.alice) == listed(team.bob) == ["attic", "kitchen", "lobby"]
    for outsider in (team.charlie, team.gast, team.robo, AnonymousUser()):
        assert listed(outsider) == ["kitchen", "lobby"]


def test_a_room_is_listed_once_however_many_are_in_it(team: Team) -> None:
    Membership.objects.create(room=team.kitchen, user=team.alice)
    Membership.objects.create(room=team.kitchen, user=team.bob)
    assert [room.slug for room in visible_rooms(team.alice)] == ["attic", "kitchen", "lobby"]


def test_neither_archived_rooms_nor_talks_are_listed(team: Team) -> None:
    Room.objects.filter(pk=team.attic.pk).update(archived_at=timezone.now())
    talk = Room.objects.create(slug="r-1", name="Roulette", kind=RoomKind.ROULETTE)
    Membership.objects.create(room=talk, user=team.alice)
    assert [room.slug for room in visible_rooms(team.alice)] == ["kitchen", "lobby"]
    assert open_room(team.alice, "r-1") == talk, "but its two people may read it"
    assert open_room(team.bob, "attic") == team.attic, "and the log of an archived room can be read"


def test_who_may_not_is_told_so(team: Team) -> None:
    assert code(lambda: open_room(team.charlie, "attic")) == "forbidden"
    assert code(lambda: open_room(team.charlie, "nowhere")) == "not_found"
    assert code(lambda: owned_room(team.bob, "attic")) == "forbidden"
    assert code(lambda: owned_room(team.alice, "kitchen")) == "forbidden"
    assert owned_room(team.alice, "attic") == team.attic
    team.gast.is_active = False
    assert code(lambda: open_room(team.gast, "kitchen")) == "forbidden"


def test_the_api_is_for_people_who_are_signed_in(team: Team) -> None:
    assert code(lambda: require_person(AnonymousUser())) == "sign_in"
    assert require_person(team.robo) == team.robo
