from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from alerts.models import AlertDuty, AlertRule, Incident
from chat import public
from chat.models import Membership, Room
from tests.streams_and_boards import pushed_stream, seconds

pytestmark = pytest.mark.django_db


@pytest.fixture
def grace() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("grace", "correct horse battery"))
    Room.objects.create(slug="kitchen", name="kitchen")
    Room.objects.create(slug="attic", name="attic", kind="members")
    Room.objects.create(slug="lobby", name="lobby", people_only=True)
    return client


def page(name: str, *args: Any, model: str = "alertrule") -> str:
    return reverse(f"admin:alerts_{model}_{name}", args=args)


def form(**fields: Any) -> dict[str, Any]:
    stream = fields.pop("stream", None) or pushed_stream("cpu", label="Processor", unit="%")
    given = {"stream": stream.pk, "condition": "above", "limit": "90", "hold": "60", "margin": "0", "settle": "120"}
    return given | {"severity": "crit", "room": "kitchen", "enabled": "on"} | fields


def test_a_rule_is_made_and_changed(grace: Client) -> None:
    assert grace.post(page("add"), form()).status_code == 302
    rule = AlertRule.objects.get()
    assert (rule.limit, rule.room, rule.version) == (90, "kitchen", 1)
    listed = grace.get(page("changelist")).content.decode()
    assert "above 90 % for 1 min" in listed
    assert "● quiet" in listed
    answer = grace.post(page("change", rule.pk), form(stream=rule.stream, limit="95"))
    assert answer.status_code == 302
    rule.refresh_from_db()
    assert (rule.limit, rule.version) == (95, 2), "what was seen under other terms does not count"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"limit": ""}, "Say which number is too much"),
        ({"limit": "nan"}, "Enter a number"),
        ({"margin": "-1"}, "greater than or equal to 0"),
        ({"room": "lobby"}, "Select a valid choice"),
        ({"room": "nowhere"}, "Select a valid choice"),
        ({"condition": "silent", "hold": "0"}, "Say after how many seconds"),
        ({"hold": "-1"}, "greater than or equal to 0"),
    ],
)
def test_what_is_wrong_with_a_rule_is_said(grace: Client, changes: dict[str, str], words: str) -> None:
    answer = grace.post(page("add"), form(**changes))
    assert words in answer.content.decode()
    assert not AlertRule.objects.exists()


def test_only_statuses_can_be_critical(grace: Client) -> None:
    assert "Only a stream of statuses" in grace.post(page("add"), form(condition="crit")).content.decode()
    backup = pushed_stream("backup", kind="status")
    assert "Only a stream of numbers" in grace.post(page("add"), form(stream=backup)).content.decode()
    assert grace.post(page("add"), form(stream=backup, condition="crit")).status_code == 302
    assert AlertRule.objects.get().limit is None
    assert "backup: critical for 1 min" in grace.get(page("changelist")).content.decode()


def test_only_numbers_have_limits_but_anything_may_fall_silent(grace: Client) -> None:
    text = pushed_stream("news", kind="text")
    assert "Only a stream of numbers" in grace.post(page("add"), form(stream=text)).content.decode()
    assert grace.post(page("add"), form(stream=text, condition="silent")).status_code == 302
    assert AlertRule.objects.get().limit is None


def test_the_bot_becomes_a_member_of_a_members_only_room(grace: Client) -> None:
    grace.post(page("add"), form(room="attic"))
    assert Membership.objects.get(room__slug="attic").user.username == public.BOT


def test_a_rule_keeps_a_room_that_takes_no_cards_any_more(grace: Client) -> None:
    grace.post(page("add"), form())
    Room.objects.update(archived_at=timezone.now())
    rule = AlertRule.objects.get()
    assert 'value="kitchen" selected' in grace.get(page("change", rule.pk)).content.decode()


def test_incidents_are_listed_with_what_is_the_matter(grace: Client) -> None:
    grace.post(page("add"), form())
    rule = AlertRule.objects.get()
    about = {"title": "Processor", "condition": "above 90 % for 1 min", "severity": "crit"}
    times = {"since": seconds(0), "fired_at": seconds(60), "changed_at": seconds(60)}
    Incident.objects.create(rule=rule, about=about, room="kitchen", trouble="This room is archived.", **times)
    AlertDuty.objects.create(holder="here", expires_at=timezone.now())
    listed = grace.get(page("changelist", model="incident")).content.decode()
    assert "Processor above 90 % for 1 min" in listed
    assert "This room is archived." in listed
    assert "■ fires since 2026-11-21 09:00 UTC" in grace.get(page("changelist")).content.decode()
    AlertRule.objects.update(enabled=False)
    assert "○ not watched" in grace.get(page("changelist")).content.decode()
    assert "here" in grace.get(page("changelist", model="alertduty")).content.decode()
