from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db.models import DateTimeField, Value

from accounts.signing_in import guessing
from realtime.limits import quotas
from tests.team import connect, hub, team

__all__ = ["connect", "hub", "team"]


class Clock:
    """The clock of the limits, and of the database that counts tries of passwords.

    It moves only when a test moves it.
    """

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> Any:
        moment = datetime(2030, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)
        return Value(moment, output_field=DateTimeField())


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock stands still, so that limits do not depend on the speed of the machine."""
    clock = Clock()
    monkeypatch.setattr(quotas, "time", SimpleNamespace(monotonic=clock.monotonic))
    monkeypatch.setattr(guessing, "Now", clock.now)
    return clock
