from types import SimpleNamespace

import pytest

from accounts import services
from realtime import quotas
from realtime.limits import Buckets
from tests.cast import cast, connect, hub

__all__ = ["cast", "connect", "hub"]


@pytest.fixture(autouse=True)
def nobody_entered_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits are as at the start, and their clock stands still: what they say depends on no machine's pace."""
    monkeypatch.setattr(services, "time", SimpleNamespace(monotonic=lambda: 0.0))
    monkeypatch.setattr(quotas, "time", SimpleNamespace(monotonic=lambda: 0.0))
    for name in ("_passwords", "_doors"):
        known = getattr(services, name)
        monkeypatch.setattr(services, name, Buckets(known.burst, known.rate))
