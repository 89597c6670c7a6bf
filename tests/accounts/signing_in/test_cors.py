from typing import Any

import pytest
from django.test import Client

from realtime.storage import database

pytestmark = pytest.mark.django_db
DESK = "https://desk.example"


@pytest.fixture(autouse=True)
def desk_is_listed(settings: Any) -> None:
    settings.ALLOWED_ORIGINS = [DESK]


def test_a_listed_origin_may_read_and_send_its_cookie(client: Client) -> None:
    response = client.get("/api/status/", headers={"Origin": DESK})
    assert response.status_code == 200
    assert response["Access-Control-Allow-Origin"] == DESK
    assert response["Access-Control-Allow-Credentials"] == "true"
    assert "Retry-After" in response["Access-Control-Expose-Headers"]
    assert "Origin" in response["Vary"]


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://desk.example", f"{DESK}:444", f"{DESK}.evil.example", "null", "https://["],
)
def test_others_may_not(client: Client, origin: str) -> None:
    response = client.get("/api/status/", headers={"Origin": origin})
    assert "Access-Control-Allow-Origin" not in response
    assert "Origin" in response["Vary"], "or a cache would give them the answer of a listed one"


def test_errors_can_be_read_too(client: Client) -> None:
    response = client.get("/api/rooms/", headers={"Origin": DESK})
    assert response.status_code == 401
    assert response["Access-Control-Allow-Origin"] == DESK


def test_that_there_is_no_database_can_be_read_too(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database.condition, "away", database.SILENT)
    response = client.get("/api/rooms/", headers={"Origin": DESK})
    assert response.status_code == 503
    assert response["Access-Control-Allow-Origin"] == DESK


def test_a_preflight_is_answered_without_signing_in(client: Client) -> None:
    response = client.options("/api/rooms/", headers={"Origin": DESK, "Access-Control-Request-Method": "POST"})
    assert response.status_code == 204
    assert response["Access-Control-Allow-Methods"] == "GET, POST, PUT, PATCH, DELETE"
    assert {"Authorization", "Content-Type"} <= set(response["Access-Control-Allow-Headers"].split(", "))
    refused = client.options(
        "/api/rooms/", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    )
    assert "Access-Control-Allow-Origin" not in refused


def test_pages_are_for_nobody_else(client: Client) -> None:
    assert "Access-Control-Allow-Origin" not in client.get("/sign-in/", headers={"Origin": DESK})
