"""Fixtures that tests of the site borrow from those of realtime/."""

from tests.realtime.conftest import hub, layer, quick

__all__ = ["hub", "layer", "quick"]
