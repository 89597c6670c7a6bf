"""Making rooms, below HTTP and sockets."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from chat.models import Membership, Room, RoomKind
from chat.rooms import rooms
from chat.rooms.rooms import announce_room, create_room
from chat.topics import SITE_TOPIC
from realtime.delivery.publish import Delivery, Publication
from realtime.wire.protocol import CommandError
from tests.team import Team


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Publication]:
    """What is published once a transaction commits."""
    found: list[Publication] = []
    monkeypatch.setattr(rooms, "publish_on_commit", found.extend)
    return found


@given(name=st.text(max_size=45) | st.sampled_from(["#", "r-1", "R-1", "---", "é", "a" * 40]))
@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_room_of_any_name_has_an_address_of_its_own_or_there_is_a_sentence(
    team: Team, told: list[Publication], name: str
) -> None:
    room, code = None, ""
    try:
        room = create_room(team.alice, name)
    except CommandError as error:
        code = error.code
    if room is None:
        assert code in ("invalid", "conflict")
        return
    assert 1 <= len(room.slug) <= 64
    assert room.slug.replace("-", "").replace("_", "").isalnum()
    assert room.slug.isascii()
    assert not room.slug.startswith("r-")
    room.delete()


def test_a_new_room_is_told_to_those_who_may_see_it(team: Team, told: list[Publication]) -> None:
    create_room(team.alice, "Garden")
    create_room(team.alice, "Cellar", members_only=True)
    announce_room(Room.objects.create(slug="ownerless", kind=RoomKind.MEMBERS))
    assert [(each.topic, each.delivery) for each in told] == [
        (SITE_TOPIC, Delivery.CONTROL),
        (f"user.{team.alice.pk}", Delivery.CONTROL),
    ]


def test_a_name_that_is_taken_leaves_nothing_behind(team: Team, told: list[Publication]) -> None:
    with pytest.raises(CommandError) as caught:
        create_room(team.alice, "Kitchen", members_only=True)
    assert caught.value.code == "conflict"
    assert (Room.objects.count(), Membership.objects.count(), told) == (3, 2, [])


def test_a_person_makes_a_bounded_number_of_rooms(team: Team, told: list[Publication], settings: Any) -> None:
    settings.ROOMS_PER_PERSON = Room.objects.filter(owner=team.alice).count() + 1
    create_room(team.alice, "One more")
    with pytest.raises(CommandError, match="nobody may make more") as refused:
        create_room(team.alice, "Too many")
    assert refused.value.code == "conflict"
    create_room(team.bob, "Of another person")
