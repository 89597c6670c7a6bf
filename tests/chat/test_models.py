import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from chat.log import store
from chat.models import Message
from tests.team import Team, make_team, says


@pytest.fixture
def team(db: None) -> Team:
    return make_team()


def test_what_was_said_keeps_its_room_and_its_sender(team: Team) -> None:
    store.apply([says(team.kitchen, team.alice)])
    for row in (team.kitchen, team.alice):
        with pytest.raises(ProtectedError):
            row.delete()


@pytest.mark.parametrize("fields", [{"seq": 1}, {"rev": 1}, {"client_id": True}])
def test_the_database_itself_refuses_a_number_or_an_id_twice(team: Team, fields: dict[str, object]) -> None:
    store.apply([says(team.kitchen, team.alice), says(team.kitchen, team.alice)])
    first, second = Message.objects.order_by("seq")
    changed = {"client_id": first.client_id} if "client_id" in fields else fields
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.filter(pk=second.pk).update(**changed)


def test_rooms_know_their_page(team: Team) -> None:
    assert team.attic.get_absolute_url() == "/rooms/attic/"
    assert str(team.attic) == "#attic"
