from typing import Any

import pytest

from realtime import process
from tests.team import connect, hub, team

__all__ = ["connect", "hub", "team"]


@pytest.fixture
def judging(hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Publications go through this loop's hub; and this process is healthy, so it may judge others."""
    monkeypatch.setattr(process, "may_bury", lambda: True)
