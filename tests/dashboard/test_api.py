import json
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from dashboard import api, services
from dashboard.models import PushToken, Sample, Stream
from realtime.limits import Buckets
from tests.dashboard.conftest import pushed_stream

pytestmark = pytest.mark.django_db


@pytest.fixture
def orders() -> Stream:
    return pushed_stream("orders")


@pytest.fixture
def token(orders: Stream) -> str:
    return services.issue_token(orders)


def push(token: str | None, body: Any, slug: str = "orders", client: Client | None = None) -> HttpResponse:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    found: Any = (client or Client(enforce_csrf_checks=True)).post(
        f"/api/streams/{slug}/", raw, content_type="application/json", headers=headers
    )
    return found  # type: ignore[no-any-return]


def error_of(response: HttpResponse) -> dict[str, Any]:
    return dict(json.loads(response.content)["error"])


def test_a_value_is_pushed(orders: Stream, token: str) -> None:
    response = push(token, {"value": 128})
    assert (response.status_code, response.content) == (204, b"")
    orders.refresh_from_db()
    assert (orders.value, orders.seq) == (128, 1)


def test_curl_sends_forms_and_is_understood(orders: Stream, token: str) -> None:
    response = Client().post(
        "/api/streams/orders/",
        b'{"value": 1}',
        content_type="application/x-www-form-urlencoded",
        headers={"Authorization": f"Bearer {token}"},
    )
    assert response.status_code == 204


def test_an_array_is_pushed_whole(orders: Stream, token: str) -> None:
    assert push(token, [{"value": value} for value in range(1000)]).status_code == 204
    assert Sample.objects.count() == 1000
    assert push(token, [{"value": 1}, {"value": []}]).status_code == 422
    assert Sample.objects.count() == 1000


@pytest.mark.parametrize("wrong", [None, "push_wrong", ""])
@pytest.mark.parametrize("slug", ["orders", "nowhere"])
def test_a_missing_or_unknown_token_is_401_whatever_else(orders: Stream, wrong: str | None, slug: str) -> None:
    response = push(wrong, b"x" * 2_000_000, slug)
    assert (response.status_code, error_of(response)["code"]) == (401, "sign_in")
    assert "Bearer" in response["WWW-Authenticate"]


def test_a_revoked_token_is_401(orders: Stream, token: str) -> None:
    services.revoke_token(PushToken.objects.get())
    assert push(token, {"value": 1}).status_code == 401


def test_a_stream_that_is_not_there_is_404_and_anothers_403(token: str) -> None:
    pushed_stream("other")
    assert push(token, {"value": 1}, "nowhere").status_code == 404
    assert push(token, {"value": 1}, "other").status_code == 403


def test_a_body_over_a_mebibyte_is_413(token: str) -> None:
    response = push(token, b'{"value": "' + b"x" * 1024 * 1024 + b'"}')
    assert (response.status_code, error_of(response)["code"]) == (413, "too_long")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{", "body"),
        (b'{"value": NaN}', "body"),
        (b'{"value": -Infinity}', "body"),
        (b"[" * 100_000, "body"),
        ({"valeu": 1}, "value"),
        ({"value": "1"}, "value"),
        ({"value": 1, "at": "now"}, "at"),
        ([{"value": 1}, {"value": None}], "[1].value"),
    ],
)
def test_a_wrong_body_is_422_and_names_the_field(token: str, body: Any, field: str) -> None:
    response = push(token, body)
    assert response.status_code == 422
    assert error_of(response)["field"] == field
    assert error_of(response)["code"] == "invalid"


def test_too_many_pushes_are_429_with_retry_after(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "_pushes", Buckets(2, 0.1))
    assert [push(token, {"value": 1}).status_code for _ in range(3)] == [204, 204, 429]
    assert int(push(token, {"value": 1})["Retry-After"]) in range(1, 21)


def test_a_get_is_405(token: str) -> None:
    assert Client().get("/api/streams/orders/").status_code == 405
