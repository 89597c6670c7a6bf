"""Room heads: how far each room is, for the unread counts of those who are not in it."""

import asyncio
import time
import weakref
from collections.abc import Iterable
from typing import Any, Final

from chat.models import Room, RoomKind
from realtime.database import in_database
from realtime.protocol import encode
from realtime.publish import Delivery, Publication, publish

#: Seconds between two announcements of a busy room.
CALM: Final = 0.25
#: Seconds that the heads of all rooms are remembered.
FRESH: Final = 5.0


def heads_topic(room_id: int) -> str:
    return f"heads.{room_id}"


def head_event(heads: dict[str, dict[str, int]]) -> dict[str, Any]:
    return {"type": "heads", "rooms": heads}


def head_publication(room_id: int, slug: str, rev: int, seq: int) -> Publication:
    event = head_event({slug: {"rev": rev, "seq": seq}})
    return Publication(heads_topic(room_id), Delivery.LATEST, encode(event), rev)


class _Announcer:
    """Gathers the rooms that moved, and announces each at most every CALM seconds."""

    def __init__(self) -> None:
        self._moved: dict[int, Publication] = {}
        self._task: asyncio.Task[None] | None = None

    def add(self, rooms: Iterable[Room]) -> None:
        for room in rooms:
            if room.kind != RoomKind.ROULETTE:
                self._moved[room.pk] = head_publication(room.pk, room.slug, room.rev, room.seq)
        if self._moved and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._announce())

    async def _announce(self) -> None:
        while self._moved:
            moved, self._moved = self._moved, {}
            await publish(moved.values())
            await asyncio.sleep(CALM)


_announcers: "weakref.WeakKeyDictionary[Any, _Announcer]" = weakref.WeakKeyDictionary()


def announce(rooms: Iterable[Room]) -> None:
    """Tell those who see `rooms` how far they are now. For the event loop's thread."""
    _announcers.setdefault(asyncio.get_running_loop(), _Announcer()).add(rooms)


class HeadsOfAll:
    """The heads of all rooms, read once for all sockets of a process."""

    def __init__(self) -> None:
        self._at = 0.0
        self._reading: asyncio.Future[dict[int, tuple[str, int, int]]] | None = None

    async def get(self) -> dict[int, tuple[str, int, int]]:
        """Return `{room id: (slug, rev, seq)}`, at most FRESH seconds old."""
        if self._reading is None or time.monotonic() - self._at > FRESH:
            self._at = time.monotonic()
            self._reading = asyncio.ensure_future(_read_all())
        try:
            return await asyncio.shield(self._reading)
        except Exception:
            self._reading = None
            raise


@in_database
def _read_all() -> dict[int, tuple[str, int, int]]:
    rooms = Room.objects.exclude(kind=RoomKind.ROULETTE).values_list("pk", "slug", "rev", "seq")
    return {pk: (slug, rev, seq) for pk, slug, rev, seq in rooms}


_heads: "weakref.WeakKeyDictionary[Any, HeadsOfAll]" = weakref.WeakKeyDictionary()


async def heads_of_all() -> dict[int, tuple[str, int, int]]:
    """Return `{room id: (slug, rev, seq)}` of all rooms but roulette's."""
    return await _heads.setdefault(asyncio.get_running_loop(), HeadsOfAll()).get()
