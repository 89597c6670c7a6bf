"""Walls and links to test with."""

from typing import Any

from boards.models import Board
from tests.streams_and_boards import board_of, produced_stream
from walls import links
from walls.models import Wall


def wall_of(*slugs: str, name: str = "Lobby", **fields: Any) -> Wall:
    """Return a wall with a board for each of `slugs`; each board shows one stream with the same slug."""
    wall = Wall.objects.create(name=name)
    for position, slug in enumerate(slugs):
        found = Board.objects.filter(slug=slug).first() or board_of(produced_stream(slug), slug=slug)
        wall.places.create(board=found, position=position, **fields)
    return wall


def link_to(*slugs: str, days: int | None = None) -> str:
    return links.issue_link(wall_of(*slugs), days=days)
