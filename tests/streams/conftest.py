"""What tests of streams, boards, walls and alerts share."""

from tests.streams_and_boards import hub, no_producers, published, viewer

__all__ = ["hub", "no_producers", "published", "viewer"]
