"""Rules, samples and incidents in the database."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from alerts import incidents
from alerts.models import AlertDuty, AlertRule, Incident, RuleState
from streams import catalogue, store
from streams.models import Stream
from tests.alerts.rules import incident, look, push, rule_on
from tests.streams_and_boards import board_of, produced_stream, pushed_stream, reading, seconds

pytestmark = pytest.mark.django_db


def tell(now: datetime) -> list[dict[str, Any]]:
    """Return the cards to post, and note them as posted."""
    told = incidents.to_tell(now)
    for each, _, _ in told:
        incidents.note_told(each)
    return [card for _, _, card in told]


def test_an_incident_opens_and_ends(db: None) -> None:
    cpu = pushed_stream("cpu", label="Processor", unit="%")
    board_of(cpu)
    rule_on(cpu)
    push(cpu, (0, 20))
    look(0)
    push(cpu, (10, 95), (40, 97))
    look(69)
    assert not Incident.objects.exists()
    look(70)
    assert (incident().since, incident().fired_at, incident().until) == (seconds(10), seconds(70), None)
    (card,) = tell(seconds(71))
    assert (card["shown"], card["title"], card["condition"]) == ("97 %", "Processor", "above 90 % for 1 min")
    assert card["board"] == {"slug": "ops", "title": "Ops"}
    assert [value for _, value in card["points"]] == [20, 95, 97]
    assert tell(seconds(72)) == []
    push(cpu, (100, 40))
    look(219)
    assert incident().until is None
    look(220)
    assert incident().until == seconds(100)
    (card,) = tell(seconds(221))
    assert card["until"] == "2026-11-21T09:01:40.000Z"
    look(1000)
    assert (Incident.objects.count(), tell(seconds(1000))) == (1, [])


def test_values_from_before_the_rule_do_not_fire_but_the_present_one_counts(db: None) -> None:
    cpu = pushed_stream()
    push(cpu, (0, 99), (100, 20))
    rule_on(cpu)
    look(200)
    assert not Incident.objects.exists()
    Stream.objects.filter(pk=cpu.pk).update(at=seconds(300))
    push(cpu, (300, 99))
    rule_on(cpu, limit=95)
    look(360)
    assert Incident.objects.count() == 2


def test_what_came_before_anybody_looked_for_the_first_time_is_seen(db: None) -> None:
    cpu = pushed_stream()
    rule_on(cpu, hold=0, settle=0, made_at=seconds(5))
    push(cpu, (0, 99), (4, 20), (10, 99), (20, 20), (30, 99))
    look(40)
    assert [(each.since, each.until) for each in Incident.objects.order_by("pk")] == [
        (seconds(10), seconds(20)),
        (seconds(30), None),
    ]


def test_samples_of_the_same_moment_are_all_seen(db: None) -> None:
    cpu = pushed_stream()
    rule_on(cpu, hold=0, settle=0)
    push(cpu, (0, 20))
    look(0)
    for value in (99, 20, 99):
        push(cpu, (0, value))
    look(1)
    assert [each.until for each in Incident.objects.order_by("pk")] == [seconds(0), None]


def test_more_samples_than_fit_a_round_are_seen_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incidents, "SAMPLES", 4)
    cpu = pushed_stream()
    rule_on(cpu, hold=10)
    push(cpu, (0, 20))
    look(0)
    push(cpu, *((at, 99) for at in range(1, 6)), *((at, 20) for at in range(6, 20)))
    for _ in range(10):
        look(500)
    assert not Incident.objects.exists(), "what is not seen yet may end it"
    assert RuleState.objects.get().at == seconds(19)


def test_a_status_that_is_critical_for_long(db: None) -> None:
    backup = produced_stream("backup", kind="status", label="Backup")
    rule_on(backup, condition="crit", limit=None, hold=120, settle=60)
    store.record([reading(backup, "ok", at=0)])
    look(0)
    store.record([reading(backup, {"level": "crit", "text": "disk full"}, at=10)])
    look(129)
    assert not Incident.objects.exists()
    look(130)
    ((_, body, card),) = incidents.to_tell(seconds(131))
    assert body == "■ Backup: critical for 2 min. Now critical: disk full. Since 2026-11-21 09:00:10 UTC."
    assert (card["value"], card["shown"], card["when"]) == ("crit", "critical: disk full", "crit")
    assert (card["limit"], card["points"]) == (None, [])
    store.record([reading(backup, "warn", at=200)])
    look(260)
    assert incident().until == seconds(200)


def test_flapping_opens_nothing_new_and_changes_no_card(db: None) -> None:
    cpu = pushed_stream()
    rule_on(cpu, hold=0)
    push(cpu, (0, 99))
    look(0)
    tell(seconds(0))
    for at in range(1, 15):
        push(cpu, (at, 99 if at % 2 else 10))
        look(at)
        assert tell(seconds(at)) == []
    assert Incident.objects.count() == 1


def test_the_card_of_what_fires_is_refreshed_ever_more_seldom(db: None) -> None:
    cpu = pushed_stream()
    rule_on(cpu, hold=0)
    told = []
    for at in (*range(0, 120, 5), *range(120, 3600, 30)):
        push(cpu, (at, 91 + at))
        look(at)
        told += [at for _ in tell(seconds(at))]
    assert told[:4] == [0, 15, 30, 45]
    assert told[-1] - told[-2] >= 150
    assert len(told) < 80


def test_only_who_has_the_duty_writes(db: None) -> None:
    cpu = pushed_stream()
    rule_on(cpu, hold=0)
    push(cpu, (0, 99))
    first = incidents.hold("first")
    assert (first, incidents.hold("second"), incidents.hold("first")) == (1, None, 1)
    AlertDuty.objects.update(expires_at=Now() - timedelta(seconds=1))
    second = incidents.hold("second")
    assert (second, incidents.hold("first")) == (2, None)
    assert look(1, token=1) is False
    assert not Incident.objects.exists()
    assert look(1, token=2) is True
    assert Incident.objects.count() == 1
    incidents.release("second")
    assert incidents.hold("first") == 3


def test_nobody_takes_a_duty_that_has_nothing_to_do(db: None) -> None:
    assert incidents.hold("me") is None
    rule_on(pushed_stream(), enabled=False)
    assert incidents.hold("me") is None
    assert not AlertDuty.objects.exists()


def test_two_cannot_open_an_incident_of_the_same_rule(db: None) -> None:
    rule = rule_on(pushed_stream())
    fields = {"rule": rule, "about": {}, "since": seconds(0), "fired_at": seconds(0), "changed_at": seconds(0)}
    Incident.objects.create(**fields, until=seconds(1))
    Incident.objects.create(**fields)
    with pytest.raises(IntegrityError), transaction.atomic():
        Incident.objects.create(**fields)


@pytest.mark.parametrize("how", ["switched off", "deleted", "stream deleted"])
def test_a_rule_that_is_gone_ends_its_incident(db: None, how: str) -> None:
    cpu = pushed_stream()
    rule = rule_on(cpu, hold=0)
    push(cpu, (0, 99))
    look(0)
    tell(seconds(0))
    if how == "switched off":
        AlertRule.objects.update(enabled=False)
    elif how == "deleted":
        rule.delete()
    else:
        catalogue.delete_stream(cpu)
    look(10)
    (card,) = tell(seconds(12))
    assert (card["withdrawn"], card["until"] is not None) == (True, True)
    assert incidents.hold("me") is None


def test_other_terms_count_from_the_newest_value_on(db: None) -> None:
    cpu = pushed_stream()
    rule = rule_on(cpu, hold=0, settle=5)
    push(cpu, (0, 95))
    look(1)
    AlertRule.objects.filter(pk=rule.pk).update(limit=99, version=2)
    look(20)
    assert incident().until == seconds(0)


def test_a_room_that_takes_no_card_is_tried_again_for_a_day(db: None) -> None:
    cpu = pushed_stream()
    rule_on(cpu, hold=0)
    push(cpu, (0, 99))
    look(0)
    ((unheard, _, _),) = incidents.to_tell(seconds(0))
    incidents.note_trouble(unheard, "This room is archived: it can only be read.", seconds(0))
    assert "archived" in incident().trouble
    assert incidents.to_tell(seconds(9)) == []
    ((again, _, card),) = incidents.to_tell(seconds(11))
    assert (incidents.card_id(again), card["version"]) == (incidents.card_id(unheard), 1)
    push(cpu, (20, 10))
    look(200)
    assert incident().until
    assert len(incidents.to_tell(seconds(220))) == 1
    assert incidents.to_tell(seconds(100_000)) == []
    incidents.note_told(incident())
    assert (incident().told, incident().trouble) == (2, "")


def test_a_version_told_late_takes_nothing_back(db: None) -> None:
    cpu = pushed_stream()
    rule_on(cpu, hold=0)
    push(cpu, (0, 99))
    look(0)
    early = incident()
    push(cpu, (20, 100))
    look(20)
    incidents.note_told(incident())
    incidents.note_told(early)
    assert (incident().told, incident().version) == (2, 2)
