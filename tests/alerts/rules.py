"""Helpers: rules on streams, pushed values, and evaluation of the rules at a given second."""

from typing import Any

from django.db import transaction

from alerts import incidents
from alerts.models import AlertRule, Incident
from streams import store
from streams.models import Stream
from streams.pushed import Pushed
from tests.streams_and_boards import seconds


def rule_on(stream: Stream, **fields: Any) -> AlertRule:
    given = {"condition": "above", "limit": 90, "room": "kitchen", "severity": "crit"}
    return AlertRule.objects.create(stream=stream, **(given | fields))


def push(stream: Stream, *values: tuple[float, float]) -> None:
    """Push values: second, value."""
    with transaction.atomic():
        store.push(stream, [Pushed(value, seconds(at)) for at, value in values])


def look(at: float, token: int | None = None) -> bool:
    """Evaluate the rules at this second, with the samples known then."""
    token = incidents.hold("me") if token is None else token
    assert token is not None
    return incidents.evaluate(token, seconds(at) + incidents.LAG)


def incident() -> Incident:
    return Incident.objects.get()


def look_from(begin: int, end: int, step: int = 2) -> None:
    """Evaluate the rules every second, as a worker does, from one second until before another."""
    for at in range(begin, end, step):
        look(at)
