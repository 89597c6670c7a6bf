import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from boards import boards
from boards.models import Board
from realtime.delivery.publish import Publication
from streams.models import Stream
from tests.streams_and_boards import board_of, produced_stream

pytestmark = pytest.mark.django_db


@pytest.fixture
def grace() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("grace", "correct horse battery"))
    return client


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The topics of what boards publish."""
    topics: list[str] = []

    def hear(publications: list[Publication]) -> None:
        topics.extend(publication.topic for publication in publications)

    monkeypatch.setattr(boards, "publish_on_commit", hear)
    return topics


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:boards_board_{name}", args=args)


def test_the_list_and_the_forms_open(grace: Client) -> None:
    board = board_of(produced_stream())
    for address in (page("changelist"), page("change", board.pk), page("add")):
        assert grace.get(address).status_code == 200


def test_a_board_with_tiles_is_made_and_screens_are_told(grace: Client, told: list[str]) -> None:
    cpu = produced_stream()
    form = {
        "title": "Ops",
        "slug": "ops",
        "position": "1",
        "widgets-TOTAL_FORMS": "1",
        "widgets-INITIAL_FORMS": "0",
        "widgets-0-type": "line",
        "widgets-0-title": "",
        "widgets-0-streams": str(cpu.pk),
        "widgets-0-position": "0",
        "widgets-0-width": "6",
        "widgets-0-height": "2",
        "widgets-0-options": json.dumps({"min": 0}),
    }
    wrong = grace.post(page("add"), form | {"widgets-0-options": '{"colour": 1}'})
    assert "unknown field `colour`" in wrong.content.decode()
    assert grace.post(page("add"), form).status_code == 302
    assert Board.objects.get().widgets.get().options == {"min": 0}
    assert told == ["board.ops"]


def test_a_board_is_deleted_without_its_streams(grace: Client, told: list[str]) -> None:
    board = board_of(produced_stream())
    grace.post(page("delete", board.pk), {"post": "yes"})
    assert not Board.objects.exists()
    assert Stream.objects.exists()
    assert told == ["board.ops"]
