import gzip
import json
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from realtime.limits.buckets import Buckets
from realtime.storage import clock
from streams.models import PushTally, PushToken, Sample, Stream
from streams.push import tally, tokens
from tests.streams_and_boards import pushed_stream

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_tally() -> None:
    tally.writing = Buckets(*tally.WRITTEN)
    tally.unwritten.clear()


@pytest.fixture
def orders() -> Stream:
    return pushed_stream("orders")


@pytest.fixture
def token(orders: Stream) -> str:
    return tokens.issue_token(orders)


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
    tokens.revoke_token(PushToken.objects.get())
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


def test_too_many_pushes_are_429_with_retry_after(token: str, settings: Any) -> None:
    settings.PUSH_BURST, settings.PUSHES_PER_SECOND = 2, 0.1
    assert [push(token, {"value": 1}).status_code for _ in range(3)] == [204, 204, 429]
    assert int(push(token, {"value": 1})["Retry-After"]) in range(1, 21)


def test_a_large_push_counts_as_several(token: str, settings: Any) -> None:
    settings.PUSH_BURST, settings.PUSHES_PER_SECOND = 5, 0.1
    large = [{"value": 1, "at": "2026-01-01T00:00:00Z"}] * 6_000
    assert [push(token, large).status_code for _ in range(2)] == [204, 429]


def test_a_get_is_405(token: str) -> None:
    assert Client().get("/api/streams/orders/").status_code == 405


LINES = b"""cpu,cpu=cpu0,host=web usage_idle=91.5,usage_user=6.25
cpu,cpu=cpu-total,host=web usage_idle=93,usage_user=5
"""


def telegraf(token: str, body: bytes, query: str = "", **headers: str) -> HttpResponse:
    """Push like Telegraf's outputs.http."""
    headers = {"Authorization": f"Bearer {token}", "User-Agent": "Telegraf/1.30.0", **headers}
    found: Any = Client().post(
        f"/api/streams/orders/{query}", body, content_type="text/plain; charset=utf-8", headers=headers
    )
    return found  # type: ignore[no-any-return]


def test_telegrafs_lines_are_taken(orders: Stream, token: str) -> None:
    query = "?measurement=cpu&tag.cpu=cpu-total&field=usage_idle"
    assert telegraf(token, LINES, query).status_code == 204
    assert telegraf(token, gzip.compress(LINES), query, **{"Content-Encoding": "gzip"}).status_code == 204
    orders.refresh_from_db()
    assert (orders.value, orders.seq) == (93.0, 2)


def test_lines_that_do_not_fit_are_left_alone(orders: Stream, token: str) -> None:
    assert telegraf(token, LINES, "?measurement=disk").status_code == 204
    orders.refresh_from_db()
    assert orders.seq == 0
    assert (orders.tally.accepted, orders.tally.pushed_values) == (1, 0)


def test_json_that_calls_itself_text_is_json(orders: Stream, token: str) -> None:
    assert telegraf(token, b' {"value": 5}').status_code == 204
    orders.refresh_from_db()
    assert orders.value == 5


@pytest.mark.parametrize(
    ("body", "encoding", "query", "status", "field"),
    [
        (LINES, "identity", "", 422, "tag"),
        (b"nonsense", "identity", "", 422, "line 1"),
        (LINES, "identity", "?precision=days", 422, "precision"),
        (LINES, "gzip", "", 422, "body"),
        (gzip.compress(LINES)[:-9], "gzip", "", 422, "body"),
        (LINES, "br", "", 422, "Content-Encoding"),
        (gzip.compress(b"x" * 50 * 1024 * 1024), "gzip", "", 413, None),
    ],
)
def test_lines_that_are_wrong_are_refused(
    token: str, body: bytes, encoding: str, query: str, status: int, field: str | None
) -> None:
    response = telegraf(token, body, query, **{"Content-Encoding": encoding})
    assert response.status_code == status
    assert error_of(response).get("field") == field


def test_what_becomes_of_pushes_is_counted(orders: Stream, token: str) -> None:
    push(token, [{"value": 1}, {"value": 2}])
    assert PushTally.objects.values_list("accepted", "pushed_values", "refused").get() == (1, 2, 0)
    push(token, {"value": "two"})
    tally_ = PushTally.objects.get()
    assert (tally_.accepted, tally_.refused) == (1, 1)
    assert tally_.reason == "422, value: A number stream takes a finite number, not a text."
    for bearer, reason in ((None, "401: it had no token"), ("push_x", "401: nobody knows its token")):
        push(bearer, {"value": 1})
        assert PushTally.objects.get().reason == reason
    tokens.revoke_token(PushToken.objects.get())
    push(token, {"value": 1})
    assert PushTally.objects.get().reason == "401: its token was revoked"


def test_a_flood_of_refusals_is_counted_with_few_writes(orders: Stream, token: str) -> None:
    writes = 0

    def count(execute: Any, sql: str, *rest: Any) -> Any:
        nonlocal writes
        writes += "pushtally" in sql and sql.startswith("UPDATE")
        return execute(sql, *rest)

    with connection.execute_wrapper(count):
        for _ in range(50):
            push("push_wrong", {"value": 1})
    assert writes <= 12
    tally.writing = Buckets(*tally.WRITTEN)
    push("push_wrong", {"value": 1})
    assert PushTally.objects.get().refused == 51


# Clocks that differ


def newest(stream: Stream) -> tuple[Any, float]:
    """Return a stream's live value, and by how many seconds its time is ahead."""
    stream.refresh_from_db()
    assert stream.at is not None
    return stream.value, (stream.at - timezone.now()).total_seconds()


def test_a_server_whose_clock_is_ahead_does_not_hide_what_others_take(
    orders: Stream, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(clock, "local", lambda: time.time() + 45)
        elsewhere.setattr(clock, "ahead", 0.0)
        elsewhere.setattr(clock, "measured_at", float("-inf"))
        assert push(token, {"value": 1}).status_code == 204
        value, ahead = newest(orders)
        assert (value, abs(ahead) < 5) == (1, True), "the time of a push is the database's"
    assert push(token, {"value": 2}).status_code == 204
    assert newest(orders)[0] == 2


def test_a_client_whose_clock_is_ahead_does_not_hide_what_follows(orders: Stream, token: str) -> None:
    for value, seconds in ((1, 45), (2, 44), (3, 0)):
        at = (timezone.now() + timedelta(seconds=seconds)).isoformat()
        assert push(token, {"value": value, "at": at}).status_code == 204
        found, ahead = newest(orders)
        assert (found, ahead <= 0) == (value, True)
    line = f"web value=4 {time.time_ns() + 45 * 10**9}".encode()
    assert telegraf(token, line).status_code == 204
    assert newest(orders)[1] <= 0
    assert push(token, {"value": 5}).status_code == 204
    assert newest(orders)[0] == 5


def test_a_stream_whose_newest_value_is_of_the_future_takes_the_next_one(orders: Stream, token: str) -> None:
    Stream.objects.filter(pk=orders.pk).update(value=1, at=timezone.now() + timedelta(seconds=45), seq=1)
    assert push(token, {"value": 2, "at": timezone.now().isoformat()}).status_code == 204
    found, ahead = newest(orders)
    assert (found, ahead <= 0) == (2, True)
    Stream.objects.filter(pk=orders.pk).update(at=timezone.now() + timedelta(seconds=45))
    assert push(token, {"value": 3}).status_code == 204
    assert newest(orders)[0] == 3


def test_what_is_older_goes_to_the_history_only(orders: Stream, token: str) -> None:
    push(token, {"value": 2})
    push(token, {"value": 1, "at": (timezone.now() - timedelta(seconds=45)).isoformat()})
    assert newest(orders)[0] == 2
    assert Sample.objects.filter(stream=orders).count() == 2
