"""A page that was made for one person, after the cookie has become another person's."""

import json
import uuid
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from accounts.models import User
from chat.models import Message, Room
from tests.team import Team

pytestmark = pytest.mark.django_db


def say(client: Client, text: str, **headers: str) -> Any:
    body = json.dumps({"id": str(uuid.uuid4()), "body": text})
    return client.post("/api/rooms/lobby/messages/", body, "application/json", headers=headers)


def as_page_of(user: User | None) -> dict[str, str]:
    return {"X-Switchboard-User": str(user.pk) if user else ""}


@pytest.mark.django_db(transaction=True)
def test_nothing_is_published_under_a_second_name(team: Team) -> None:
    Room.objects.get_or_create(slug="lobby", defaults={"name": "lobby"})
    browser = Client()
    browser.force_login(team.bob)
    response = say(browser, "words of Alice", **as_page_of(team.alice))
    assert response.status_code == 409
    found = response.json()
    assert found["error"]["code"] == "another_person"
    assert found["user"] == team.bob.on_wire()
    assert not Message.objects.filter(body="words of Alice").exists()
    assert say(browser, "words of Bob", **as_page_of(team.bob)).status_code == 201


def test_nothing_is_read_for_a_second_person(team: Team) -> None:
    browser = Client()
    browser.force_login(team.bob)
    for path in ("/api/rooms/", "/api/status/", "/rooms/lobby/", "/api/boards/counter/"):
        assert browser.get(path, headers=as_page_of(team.alice)).status_code == 409, path
    assert browser.get("/api/rooms/", headers=as_page_of(team.bob)).status_code == 200


@pytest.mark.parametrize("meant", ["", "0", "-1", "nobody", "7 ", "٧", "9" * 400])
def test_whatever_is_not_the_person_is_another(team: Team, meant: str) -> None:
    browser = Client()
    browser.force_login(team.bob)
    assert browser.get("/api/rooms/", headers={"X-Switchboard-User": meant}).status_code == 409


def test_a_page_of_somebody_who_signed_out_is_told_so(team: Team) -> None:
    response = Client().get("/api/rooms/", headers=as_page_of(team.alice))
    assert response.status_code == 409
    assert response.json()["user"] is None
    assert Client().get("/api/session/", headers=as_page_of(None)).json() == {"user": None}


def test_it_is_told_before_the_csrf_token_is_looked_at(team: Team) -> None:
    """Signing in also changes the token; without this order the page would only hear that its token is wrong."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(team.bob)
    assert say(browser, "words", **as_page_of(team.alice)).json()["error"]["code"] == "another_person"
    assert say(browser, "words", **as_page_of(team.bob)).status_code == 403


def test_who_is_signed_in_is_told(team: Team) -> None:
    browser = Client()
    assert browser.get("/api/session/").json() == {"user": None}
    browser.force_login(team.alice)
    assert browser.get("/api/session/").json() == {"user": team.alice.on_wire()}


def test_programs_need_not_say_who_they_are(team: Team) -> None:
    browser = Client()
    browser.force_login(team.bob)
    assert browser.get("/api/rooms/").status_code == 200


def test_a_database_that_is_away_is_no_fault_of_the_call(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object) -> None:
        raise OperationalError("away")

    browser = Client()
    browser.force_login(team.bob)
    monkeypatch.setattr("django.contrib.auth.middleware.get_user", fail)
    response = browser.get("/api/rooms/", headers=as_page_of(team.bob))
    assert (response.status_code, response.json()["error"]["code"]) == (503, "busy")
