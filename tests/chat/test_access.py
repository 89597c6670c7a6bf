import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from accounts.models import User
from chat.access import open_room, owned_room, require_person, visible_rooms
from chat.models import Membership, Room, RoomKind
from realtime.protocol import CommandError
from tests.cast import Cast, make_cast


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def code(call: object) -> str:
    with pytest.raises(CommandError) as caught:
        call()  # type: ignore[operator]
    return caught.value.code


def test_a_list_has_public_rooms_and_those_one_is_a_member_of(cast: Cast) -> None:
    def listed(user: User | AnonymousUser) -> list[str]:
        return [room.slug for room in visible_rooms(user)]

    assert listed(cast.alice) == listed(cast.bob) == ["attic", "kitchen", "lobby"]
    for outsider in (cast.charlie, cast.gast, cast.robo, AnonymousUser()):
        assert listed(outsider) == ["kitchen", "lobby"]


def test_a_room_is_listed_once_however_many_are_in_it(cast: Cast) -> None:
    Membership.objects.create(room=cast.kitchen, user=cast.alice)
    Membership.objects.create(room=cast.kitchen, user=cast.bob)
    assert [room.slug for room in visible_rooms(cast.alice)] == ["attic", "kitchen", "lobby"]


def test_neither_archived_rooms_nor_talks_are_listed(cast: Cast) -> None:
    Room.objects.filter(pk=cast.attic.pk).update(archived_at=timezone.now())
    talk = Room.objects.create(slug="r-1", name="Roulette", kind=RoomKind.ROULETTE)
    Membership.objects.create(room=talk, user=cast.alice)
    assert [room.slug for room in visible_rooms(cast.alice)] == ["kitchen", "lobby"]
    assert open_room(cast.alice, "r-1") == talk, "but whoever is in a talk may read it"
    assert open_room(cast.bob, "attic") == cast.attic, "and the log of an archived room can be read"


def test_who_may_not_is_told_so(cast: Cast) -> None:
    assert code(lambda: open_room(cast.charlie, "attic")) == "forbidden"
    assert code(lambda: open_room(cast.charlie, "nowhere")) == "not_found"
    assert code(lambda: owned_room(cast.bob, "attic")) == "forbidden"
    assert code(lambda: owned_room(cast.alice, "kitchen")) == "forbidden"
    assert owned_room(cast.alice, "attic") == cast.attic
    cast.gast.is_active = False
    assert code(lambda: open_room(cast.gast, "kitchen")) == "forbidden"


def test_the_api_is_for_people_who_are_signed_in(cast: Cast) -> None:
    assert code(lambda: require_person(AnonymousUser())) == "sign_in"
    assert require_person(cast.robo) == cast.robo
