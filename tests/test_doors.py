"""Every HTTP endpoint has a limit, per person or per address of strangers."""

import itertools
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import User
from realtime.limits import quotas
from realtime.limits.quotas import payer_of
from web import throttling

#: Endpoints with another limit: pushes (by token) and health checks.
OTHERS = {"api_stream", "healthz", "readyz", "metrics"}


def doors(patterns: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    for each in patterns:
        if isinstance(each, URLResolver):
            yield from doors(each.url_patterns, path + str(each.pattern))
        elif isinstance(each, URLPattern):
            yield each.name or path + str(each.pattern), each.callback


def test_only_these_doors_limit_themselves() -> None:
    found = dict(doors(get_resolver().url_patterns))
    assert len(found) > 80
    assert {name for name, view in found.items() if getattr(view, "limits_itself", False)} == OTHERS


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    [
        *("/api/status/", "/api/rooms/", "/api/rooms/lobby/members/", "/api/boards/x/?at=2026-01-01T00:00:00Z", "/"),
        *("/nowhere/", "/api/nowhere/"),
    ],
)
def test_who_calls_too_often_gets_429_and_the_next_person_an_answer(
    client: Client, path: str, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.COMMAND_BURST, settings.COMMANDS_PER_SECOND = 2, 0.01
    ada, bob = User.objects.create_user("ada"), User.objects.create_user("bob")
    client.force_login(ada)
    statuses = [client.get(path).status_code for _ in range(3)]
    assert 429 not in statuses[:2]
    assert statuses[2] == 429
    assert "Too Many Requests" not in caplog.text, "a flood of calls is none of log lines"
    refused = client.get(path)
    assert int(refused["Retry-After"]) >= 1
    client.force_login(bob)
    assert client.get(path).status_code == statuses[0]


@pytest.mark.django_db
def test_what_is_refused_before_any_view_counts_too(settings: Any) -> None:
    settings.COMMAND_BURST, settings.COMMANDS_PER_SECOND = 2, 0.01
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_user("ada"))
    assert [client.post("/rooms/").status_code for _ in range(3)] == [403, 403, 429]
    other = {"X-Switchboard-User": "0"}
    assert [client.get("/api/rooms/", headers=other).status_code for _ in range(3)] == [409, 409, 429]


@pytest.mark.django_db
def test_strangers_of_one_address_share_what_they_may(client: Client, settings: Any) -> None:
    settings.COMMAND_BURST, settings.COMMANDS_PER_SECOND = 1, 0.01
    statuses = [client.get("/api/status/", REMOTE_ADDR=f"2001:db8::{number}").status_code for number in range(1, 8)]
    assert statuses == [200] * quotas.MANY + [429] * 2
    assert client.get("/api/status/", REMOTE_ADDR="2001:db8:1::1").status_code == 200


@pytest.mark.django_db
def test_wrong_push_tokens_are_counted(client: Client, settings: Any) -> None:
    settings.COMMAND_BURST, settings.COMMANDS_PER_SECOND = 1, 0.01
    wrong = {"Authorization": "Bearer push_wrong"}
    statuses = [client.post("/api/streams/x/", headers=wrong).status_code for _ in range(quotas.MANY + 1)]
    assert statuses == [401] * quotas.MANY + [429]


@pytest.mark.django_db
def test_what_is_read_over_http_is_counted_by_what_it_gives(client: Client, settings: Any) -> None:
    ada = User.objects.create_user("ada")
    client.force_login(ada)
    size = len(client.get("/api/status/").content)
    settings.READ_BURST, settings.READ_BYTES_PER_SECOND = 2 * size, 0.0001
    quotas.reading.reset()
    assert [client.get("/api/status/").status_code for _ in range(4)] == [200, 200, 429, 429]
    assert quotas.reading.wait(payer_of(ada, "")) > 1


@pytest.mark.django_db
def test_a_call_that_takes_long_counts_for_so_long(
    client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = User.objects.create_user("ada")
    client.force_login(ada)
    seconds = itertools.count(step=10)
    monkeypatch.setattr(throttling, "time", SimpleNamespace(monotonic=lambda: next(seconds)))
    settings.READ_BURST, settings.READ_BYTES_PER_SECOND = 16 * 1024**2, 1024**2
    quotas.reading.reset()
    assert [client.get("/api/status/").status_code for _ in range(3)] == [200, 200, 429]
    assert 3 < quotas.reading.wait(payer_of(ada, "")) <= 4.1
