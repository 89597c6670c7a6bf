import pytest
from django.core.management import call_command

from chat import demo
from chat.models import Room

pytestmark = pytest.mark.django_db


def test_a_new_site_has_rooms_and_what_is_there_is_left_as_it_is() -> None:
    demo.load()
    assert Room.objects.get(slug="lobby").people_only
    Room.objects.filter(slug="kitchen").update(topic="Ours")
    Room.objects.filter(slug="deploys").delete()
    call_command("loaddemo")
    assert Room.objects.get(slug="kitchen").topic == "Ours"
    assert Room.objects.filter(slug="deploys").exists()
