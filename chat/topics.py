"""The topics on which changes of rooms are published."""

from typing import Final

#: For everybody: rooms that are made or archived.
SITE_TOPIC: Final = "site.rooms"


def room_topic(room_id: int) -> str:
    """Return the topic of a room's log."""
    return f"room.{room_id}"
