import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from boards import boards
from realtime.delivery.publish import Publication
from streams import leases, store
from streams.models import PushToken, Sample, Stream
from streams.push import storing, tally, tokens
from streams.push.json_body import read_push
from tests.streams_and_boards import board_of, produced_stream, pushed_stream, reading

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


def page(model: str, name: str, *args: Any) -> str:
    return reverse(f"admin:streams_{model}_{name}", args=args)


def act(client: Client, action: str, *streams: Stream, **fields: str) -> Any:
    chosen = {"action": action, "_selected_action": [str(stream.pk) for stream in streams]}
    return client.post(page("stream", "changelist"), chosen | fields)


def test_every_list_and_form_opens(grace: Client) -> None:
    cpu, prices = produced_stream("cpu"), produced_stream("prices", kind="table")
    store.record([reading(cpu, 41), reading(prices, {"A": {"bid": 1}})])
    tokens.issue_token(cpu)
    for model in ("stream", "pushtoken", "producerlease"):
        assert grace.get(page(model, "changelist")).status_code == 200
    assert grace.get(page("stream", "change", cpu.pk)).status_code == 200
    assert "1 rows" in grace.get(page("stream", "changelist")).content.decode()


def test_the_index_shows_nothing_that_only_finds_faults(grace: Client) -> None:
    listed = grace.get(reverse("admin:index")).content.decode()
    assert page("stream", "changelist") in listed
    assert page("producerlease", "changelist") not in listed
    assert reverse("admin:alerts_alertduty_changelist") not in listed


def test_a_stream_is_described_in_plain_words(grace: Client) -> None:
    shown = grace.get(page("stream", "change", produced_stream().pk)).content.decode()
    assert "Changes so far" in shown
    assert "Short name" in shown
    assert not re.search(r"\b(Seq|Slug|lease|token):", shown)


def test_streams_are_listed_with_health_and_last_value(grace: Client) -> None:
    cpu = produced_stream(unit="%")
    store.record([reading(cpu, 41), reading(cpu, error="connection refused")])
    listed = grace.get(page("stream", "changelist")).content.decode()
    assert "▲ connection refused" in listed
    assert "41 %" in listed


def test_a_token_is_shown_once_and_works(grace: Client) -> None:
    orders = pushed_stream()
    shown = act(grace, "issue_token", orders).content.decode()
    found = re.search(r"push_[\w-]{43}", shown)
    assert found
    assert tokens.find_token(found[0])
    assert found[0] not in grace.get(page("stream", "change", orders.pk)).content.decode()
    assert found[0] not in grace.get(page("pushtoken", "changelist")).content.decode()


def test_a_streams_page_says_what_became_of_pushes(grace: Client) -> None:
    orders = pushed_stream(kind="status")
    first = grace.get(page("stream", "change", orders.pk)).content.decode()
    assert "none yet" in first
    line = f"curl -X POST http://testserver/api/streams/{orders.slug}/ -H &quot;Authorization: Bearer $TOKEN&quot; -d"
    assert line in first
    assert "all is well" in first
    tally.count_accepted(orders, 3)
    tally.count_refused(orders, "422, value: A status stream takes …")
    shown = grace.get(page("stream", "change", orders.pk)).content.decode()
    assert "1 taken" in shown
    assert "UTC, 3 values" in shown
    assert "1 refused" in shown
    assert "422, value: A status stream takes …" in shown


def test_a_streams_page_says_who_produces_it(grace: Client) -> None:
    cpu = produced_stream("cpu")
    assert "no worker holds it" in grace.get(page("stream", "change", cpu.pk)).content.decode()
    leases.hold("ada:7:cafe", [cpu.pk])
    shown = grace.get(page("stream", "change", cpu.pk)).content.decode()
    assert "ada:7:cafe, until" in shown
    assert "curl" not in shown


@pytest.mark.parametrize("kind", Stream.Kind.values)
def test_the_example_of_a_push_is_one_that_is_taken(kind: str) -> None:
    read_push(storing.example_push(kind).encode(), kind, timezone.now())


def test_a_token_is_for_one_stream(grace: Client) -> None:
    act(grace, "issue_token", pushed_stream("a"), pushed_stream("b"))
    assert not PushToken.objects.exists()


def test_a_token_is_revoked(grace: Client) -> None:
    token = tokens.issue_token(pushed_stream())
    chosen = {"action": "revoke", "_selected_action": [str(PushToken.objects.get().pk)]}
    grace.post(page("pushtoken", "changelist"), chosen)
    assert tokens.find_token(token) is None


def test_history_goes_only_after_its_size_was_shown(grace: Client, told: list[str]) -> None:
    cpu, disk = produced_stream("cpu"), produced_stream("disk")
    store.record([reading(cpu, value, at=value) for value in range(3)] + [reading(disk, 70)])
    board_of(cpu)
    assert grace.post(page("stream", "delete", cpu.pk), {"post": "yes"}).status_code == 403
    asked = act(grace, "delete_with_history", cpu).content.decode()
    assert "3 samples" in asked
    assert Sample.objects.count() == 4
    act(grace, "delete_with_history", cpu, confirmed="1")
    assert list(Stream.objects.values_list("slug", flat=True)) == ["disk"]
    assert told == ["board.ops"]


def test_leases_and_tokens_are_only_looked_at(grace: Client) -> None:
    cpu = produced_stream()
    tokens.issue_token(cpu)
    for model, pk in (("producerlease", cpu.pk), ("pushtoken", PushToken.objects.get().pk)):
        assert grace.get(page(model, "add")).status_code == 403
        assert grace.post(page(model, "delete", pk), {"post": "yes"}).status_code == 403


def test_a_streams_slug_and_kind_stay(grace: Client) -> None:
    orders = pushed_stream()
    form = {
        "slug": "other",
        "kind": "text",
        "label": "Orders",
        "unit": "",
        "stale_after": "5",
        "retention": "7 00:00:00",
        "raw_for": "1 00:00:00",
    }
    form |= {"push_tokens-TOTAL_FORMS": "0", "push_tokens-INITIAL_FORMS": "0"}
    assert grace.post(page("stream", "change", orders.pk), form).status_code == 302
    orders.refresh_from_db()
    assert (orders.slug, orders.kind, orders.label) == ("orders", "number", "Orders")


def test_who_may_only_look_at_streams_neither_issues_nor_revokes_tokens(client: Client) -> None:
    orders = pushed_stream("orders")
    tokens.issue_token(orders)
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["view_stream", "view_pushtoken"]))
    client.force_login(clerk)
    act(client, "issue_token", orders)
    token = PushToken.objects.get()  # no second one
    client.post(page("pushtoken", "changelist"), {"action": "revoke", "_selected_action": [str(token.pk)]})
    token.refresh_from_db()
    assert token.revoked_at is None
