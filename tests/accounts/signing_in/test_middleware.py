"""Bots over HTTP."""

import json
import uuid
from typing import Any

import pytest
from django.test import AsyncClient, Client

from accounts.models import User
from tests.team import Team, signed_in


def with_token(token: str, **options: Any) -> AsyncClient:
    return AsyncClient(enforce_csrf_checks=True, AUTHORIZATION=f"Bearer {token}", **options)


async def post(client: AsyncClient, room: str) -> Any:
    body = json.dumps({"id": str(uuid.uuid4()), "body": "beep"})
    return await client.post(f"/api/rooms/{room}/messages/", body, "application/json")


async def test_a_bot_speaks_without_a_csrf_token(team: Team, hub: Any) -> None:
    response = await post(with_token(team.token), "kitchen")
    assert response.status_code == 201
    page = (await with_token(team.token).get("/api/rooms/kitchen/messages/")).json()
    assert [message["sender"]["name"] for message in page["messages"]] == ["Robo"]


async def test_a_bot_cannot_talk_where_people_are_among_themselves(team: Team, hub: Any) -> None:
    response = await post(with_token(team.token), "lobby")
    assert response.status_code == 403
    assert response.json()["error"]["code"] == "forbidden"
    assert (await with_token(team.token).get("/api/rooms/lobby/messages/")).status_code == 200


@pytest.mark.parametrize("token", ["bot_unknown", "x", "ünïcode", "a b c"])
async def test_an_unknown_token_is_nobody(team: Team, hub: Any, token: str) -> None:
    for response in (await post(with_token(token), "kitchen"), await with_token(token).get("/api/rooms/")):
        assert response.status_code == 401
        assert response.json()["error"]["code"] == "sign_in"
        assert response["WWW-Authenticate"] == "Bearer"


async def test_a_token_counts_for_more_than_a_cookie(team: Team, hub: Any) -> None:
    browser = await signed_in(team.alice)
    headers = {"Authorization": "Bearer bot_unknown"}
    assert (await browser.get("/api/rooms/", headers=headers)).status_code == 401
    assert (await browser.get("/api/rooms/")).status_code == 200


@pytest.mark.django_db
def test_a_banned_bot_is_nobody(client: Client) -> None:
    robo, token = User.objects.create_bot("Robo")
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/rooms/", headers=headers).status_code == 200
    User.objects.filter(pk=robo.pk).update(is_active=False)
    assert client.get("/api/rooms/", headers=headers).status_code == 401


@pytest.mark.django_db
def test_tokens_are_for_the_api_only(client: Client) -> None:
    _, token = User.objects.create_bot("Robo")
    response = client.get("/rooms/lobby/", headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 302, "a page sends a visitor without a session to the sign-in page"
