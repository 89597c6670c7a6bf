from types import SimpleNamespace

import pytest
from django.conf import settings

from accounts import services
from realtime.limits import Buckets
from tests.cast import cast, connect, hub

__all__ = ["cast", "connect", "hub"]


@pytest.fixture(autouse=True)
def nobody_entered_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits are as at the start, and their clock stands still: what they say depends on no machine's pace."""
    monkeypatch.setattr(services, "time", SimpleNamespace(monotonic=lambda: 0.0))
    monkeypatch.setattr(services, "_guests", Buckets(settings.GUEST_BURST, settings.GUESTS_PER_SECOND))
    for name in ("_passwords", "_doors"):
        known = getattr(services, name)
        monkeypatch.setattr(services, name, Buckets(known.burst, known.rate))
