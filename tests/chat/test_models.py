import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from chat import store
from chat.models import Message
from tests.cast import Cast, make_cast, says


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def test_what_was_said_keeps_its_room_and_its_sender(cast: Cast) -> None:
    store.apply([says(cast.kitchen, cast.alice)])
    for row in (cast.kitchen, cast.alice):
        with pytest.raises(ProtectedError):
            row.delete()


@pytest.mark.parametrize("fields", [{"seq": 1}, {"rev": 1}, {"client_id": True}])
def test_the_database_itself_refuses_a_number_or_an_id_twice(cast: Cast, fields: dict[str, object]) -> None:
    store.apply([says(cast.kitchen, cast.alice), says(cast.kitchen, cast.alice)])
    first, second = Message.objects.order_by("seq")
    changed = {"client_id": first.client_id} if "client_id" in fields else fields
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.filter(pk=second.pk).update(**changed)


def test_rooms_know_their_page(cast: Cast) -> None:
    assert cast.attic.get_absolute_url() == "/rooms/attic/"
    assert str(cast.attic) == "#attic"
