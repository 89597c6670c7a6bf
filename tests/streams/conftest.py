"""What tests of streams, boards, walls and alerts share."""

from tests.screens import hub, no_producers, published, viewer

__all__ = ["hub", "no_producers", "published", "viewer"]
