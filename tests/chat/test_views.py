"""The pages of chat."""

import json
import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from chat.models import Membership, Room, RoomKind
from chat.rooms.rooms import archive
from tests.team import Team, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def team(db: None) -> Team:
    return make_team()


def browser(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def config(response: Any) -> dict[str, Any]:
    """Return what the page gives to its scripts."""
    found = re.search(r'<script id="page-config"[^>]*>(.*?)</script>', response.content.decode(), re.DOTALL)
    assert found
    return dict(json.loads(found[1]))


def test_a_room_has_a_page_for_those_who_may_see_it(team: Team) -> None:
    response = browser(team.bob).get("/rooms/attic/")
    assert response.status_code == 200
    found = config(response)
    assert found["me"] == team.bob.on_wire()
    assert found["room"] == {
        "slug": "attic",
        "name": "attic",
        "topic": "",
        "kind": "members",
        "guests": False,
        "archived": False,
        "owner": team.alice.pk,
    }
    assert (found["bodyCharacters"], found["joinedRooms"]) == (8000, settings.JOINED_ROOMS)
    assert [member["name"] for member in found["members"]] == ["Alice", "Bob"]


def test_others_do_not_see_so_much_as_its_name(team: Team) -> None:
    Room.objects.filter(pk=team.attic.pk).update(name="Secret plans", topic="Hush")
    for user in (team.charlie, team.gast):
        response = browser(user).get("/rooms/attic/")
        assert response.status_code == 403
        page = response.content.decode()
        assert "Secret plans" not in page
        assert "Hush" not in page
        assert "Alice" not in page
        assert "Secret plans" not in browser(user).get("/").content.decode()
    assert browser(team.charlie).get("/rooms/nowhere/").status_code == 404


def test_strangers_are_sent_to_the_way_in_and_come_back(team: Team, client: Client) -> None:
    for path in ("/rooms/lobby/", "/roulette/"):
        response = client.get(path)
        assert (response.status_code, response["Location"]) == (302, f"/?next={path}")


def test_names_and_topics_are_text(team: Team) -> None:
    evil = "<script>alert(1)</script></script>"
    Room.objects.filter(pk=team.kitchen.pk).update(name=evil, topic=evil)
    type(team.gast).objects.filter(pk=team.gast.pk).update(name=evil)
    for path in ("/rooms/kitchen/", "/"):
        page = browser(team.gast).get(path).content.decode()
        assert "<script>alert" not in page
    assert config(browser(team.gast).get("/rooms/kitchen/"))["room"]["name"] == evil


def test_an_account_makes_a_room_and_lands_in_it(team: Team) -> None:
    response = browser(team.bob).post("/rooms/", {"name": "Cellar", "topic": "Wine", "members_only": "on"})
    assert (response.status_code, response["Location"]) == (302, "/rooms/cellar/")
    room = Room.objects.get(slug="cellar")
    assert (room.owner, room.kind, room.topic) == (team.bob, RoomKind.MEMBERS, "Wine")


def test_a_room_that_cannot_be_is_explained_on_the_next_page(team: Team) -> None:
    client = browser(team.gast)
    response = client.post("/rooms/", {"name": "Cellar"}, follow=True)
    assert "Rooms are made by people with an account." in response.content.decode()
    assert client.get("/rooms/")["Location"] == "/"


def test_a_talk_has_no_page_of_its_own(team: Team) -> None:
    talk = Room.objects.create(slug="r-1", name="Roulette", kind=RoomKind.ROULETTE)
    Membership.objects.create(room=talk, user=team.bob)
    assert browser(team.bob).get("/rooms/r-1/")["Location"] == "/roulette/"
    assert browser(team.gast).get("/rooms/r-1/").status_code == 403


def test_an_archived_room_says_so(team: Team) -> None:
    archive(team.kitchen)
    assert config(browser(team.gast).get("/rooms/kitchen/"))["room"]["archived"] is True


def test_a_page_takes_as_many_queries_with_many_rooms_as_with_few(
    team: Team, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        room = Room.objects.create(slug=f"room-{number}", name="x")
        Membership.objects.create(room=team.attic, user=type(team.bob).objects.create_user(f"user-{number}"))
        Membership.objects.create(room=room, user=team.bob)
    client = browser(team.bob)
    with django_assert_max_num_queries(10):
        assert client.get("/rooms/attic/").status_code == 200
