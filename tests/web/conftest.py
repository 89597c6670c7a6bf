"""What tests of the site borrow from those of the wire."""

from tests.realtime.conftest import hub, layer, quick

__all__ = ["hub", "layer", "quick"]
