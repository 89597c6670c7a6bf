"""`/api/session/`."""

import json
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import AsyncClient, Client

from accounts.models import User
from tests.team import Connect, Team, signed_in

pytestmark = pytest.mark.django_db


def enter(client: Client, body: Any, content_type: str = "application/json", **headers: str) -> Any:
    data = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.post("/api/session/", data, content_type, headers=headers)


def error(response: Any) -> dict[str, Any]:
    body = response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) <= {"code", "detail", "field"}
    assert body["error"]["detail"].endswith("."), "a sentence"
    return dict(body["error"])


def test_a_guest_enters_with_a_name_and_gets_a_cookie(client: Client) -> None:
    response = enter(client, {"name": "  Ada  Lovelace "})
    assert response.status_code == 201
    user = User.objects.get()
    assert response.json() == {"user": {"id": user.pk, "name": "Ada Lovelace", "guest": True}}
    cookie = response.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert client.get("/").wsgi_request.user == user
    assert not user.has_usable_password()


def test_guests_may_share_a_name(client: Client) -> None:
    assert enter(client, {"name": "Ada"}).status_code == 201
    assert enter(Client(), {"name": "Ada"}).status_code == 201


def test_it_needs_no_csrf_token() -> None:
    assert enter(Client(enforce_csrf_checks=True), {"name": "Ada"}).status_code == 201


def test_one_who_is_signed_in_stays_who_they_are(client: Client) -> None:
    enter(client, {"name": "Ada"})
    response = enter(client, {"name": "Eve"})
    assert response.status_code == 409
    assert error(response)["code"] == "conflict"
    assert User.objects.count() == 1


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_it_takes_json_only_which_no_form_of_another_site_can_send(client: Client, content_type: str) -> None:
    response = enter(client, '{"name": "Ada"}', content_type)
    assert response.status_code == 400
    assert error(response)["code"] == "bad_message"
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("{", 400, "bad_message"),
        ("[]", 400, "bad_message"),
        ("[" * 5000, 400, "bad_message"),
        (b"\xff", 400, "bad_message"),
        ('{"name": NaN}', 400, "bad_message"),
        ('{"name": "\\u0000"}', 400, "bad_message"),
        ("{}", 422, "invalid"),
        ('{"name": 5}', 422, "invalid"),
        ('{"name": ""}', 422, "invalid"),
        ('{"name": "\\u202e"}', 422, "invalid"),
        ('{"name": "' + "x" * 41 + '"}', 422, "invalid"),
        ('{"name": "' + "x" * 70_000 + '"}', 413, "too_long"),
    ],
)
def test_a_bad_body_is_told_what_is_wrong(client: Client, body: Any, status: int, code: str) -> None:
    response = enter(client, body)
    assert response.status_code == status
    found = error(response)
    assert found["code"] == code
    assert found.get("field") == ("name" if code == "invalid" else None)
    assert not User.objects.exists()


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver:81", "https://testserver", "//"])
def test_pages_of_other_origins_cannot_enter(client: Client, origin: str) -> None:
    response = enter(client, {"name": "Ada"}, Origin=origin)
    assert response.status_code == 403
    assert error(response)["code"] == "forbidden"


def test_our_own_pages_and_listed_origins_can(client: Client, settings: Any) -> None:
    settings.ALLOWED_ORIGINS = ["https://desk.example"]
    assert enter(client, {"name": "Ada"}, Origin="http://testserver").status_code == 201
    assert enter(Client(), {"name": "Bo"}, Origin="https://desk.example").status_code == 201


def test_a_site_can_do_without_guests(client: Client, settings: Any) -> None:
    settings.GUESTS_ALLOWED = False
    response = enter(client, {"name": "Ada"})
    assert response.status_code == 403
    assert error(response)["code"] == "forbidden"


def test_twenty_enter_at_once_and_the_next_must_wait() -> None:
    assert [enter(Client(), {"name": "Ada"}).status_code for _ in range(20)] == [201] * 20
    response = enter(Client(), {"name": "Ada"})
    assert response.status_code == 429
    assert error(response)["code"] == "rate_limited"
    assert int(response["Retry-After"]) >= 1


def test_bad_names_cost_no_turn(client: Client) -> None:
    assert {enter(client, {"name": ""}).status_code for _ in range(30)} == {422}
    assert enter(client, {"name": "Ada"}).status_code == 201


def test_other_methods_are_refused(client: Client) -> None:
    for response in (client.patch("/api/session/"), client.put("/api/session/")):
        assert response.status_code == 405
        assert error(response)["code"] == "method_not_allowed"


# Signing out


def test_signing_out_needs_the_csrf_token() -> None:
    client = Client(enforce_csrf_checks=True)
    enter(client, {"name": "Ada"})
    response = client.delete("/api/session/")
    assert response.status_code == 403
    assert error(response)["code"] == "forbidden"
    assert Session.objects.exists()
    client.get("/rooms/nowhere/")  # a page, which sets the token
    token = client.cookies["csrftoken"].value
    assert client.delete("/api/session/", headers={"X-CSRFToken": token}).status_code == 204
    assert not Session.objects.exists()


def test_signing_out_when_nobody_is_signed_in_does_no_harm(client: Client) -> None:
    assert client.delete("/api/session/").status_code == 204


async def test_signing_out_closes_the_sockets_of_that_session(team: Team, connect: Connect) -> None:
    here, elsewhere = await signed_in(team.gast), await signed_in(team.gast)
    first, second, other = await connect(here), await connect(here), await connect(elsewhere)
    assert (await here.delete("/api/session/")).status_code == 204
    await first.assert_closed(4401)
    await second.assert_closed(4401)
    assert (await other.call("ping"))["type"] == "pong"


async def test_a_bot_that_signs_out_keeps_its_sockets(team: Team, connect: Connect) -> None:
    robo = await connect(team.token)
    browser = AsyncClient(AUTHORIZATION=f"Bearer {team.token}")
    assert (await browser.delete("/api/session/")).status_code == 204
    assert (await robo.call("ping"))["type"] == "pong"
