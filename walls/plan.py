"""The plan of a wall, as its screens get it: which board is shown when. The screen follows it in `screen.js`."""

from datetime import time
from typing import Any

from walls.models import Wall


def plan_of(wall: Wall) -> dict[str, Any]:
    """Return the `wall` event: the boards in their order, for how many seconds each, and between which hours."""
    boards = [
        {"board": each.board.slug, "dwell": each.dwell, "from": _hour(each.begins), "until": _hour(each.ends)}
        for each in wall.places.all()
    ]
    return {"type": "wall", "name": wall.name, "boards": boards, "rooms": wall.shows_rooms}


def _hour(moment: time | None) -> str | None:
    return f"{moment:%H:%M}" if moment else None
