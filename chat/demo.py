"""The rooms of a new site."""

from typing import Any

from chat.models import Room

ROOMS: list[dict[str, Any]] = [
    {
        "slug": "lobby",
        "name": "lobby",
        "topic": "Everything that has no room of its own",
        "people_only": True,
        "everybody": True,
    },
    {"slug": "deploys", "name": "deploys", "topic": "What went out, and how it went"},
    {"slug": "kitchen", "name": "kitchen", "topic": "Coffee, cake, small talk"},
]


def is_in_use() -> bool:
    """Return whether this site already has rooms, so it is not new."""
    return Room.objects.exists()


def load(*, guests: bool = False) -> None:
    """Make the rooms that are missing, open to guests or not."""
    for room in ROOMS:
        Room.objects.get_or_create(slug=room["slug"], defaults={**room, "guests": guests})
