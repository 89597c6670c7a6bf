"""What is published about rooms is published on these topics."""

from typing import Final

#: What concerns everybody: rooms that come and go.
SITE_TOPIC: Final = "site.rooms"


def room_topic(room_id: int) -> str:
    """Return the topic of what is said in a room."""
    return f"room.{room_id}"
