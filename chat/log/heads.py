"""Room heads: each room's newest rev and seq, for the unread counts of people who are not in it."""

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from chat.log.store import News
from chat.models import Room, RoomKind
from realtime.delivery.hub import Hub
from realtime.delivery.publish import Delivery, Publication, publish
from realtime.delivery.topics import LatestTopic
from realtime.per_loop import per_loop
from realtime.storage.database import in_database, log_failure
from realtime.storage.gather import gathered
from realtime.wire.protocol import encode

#: Seconds between two announcements of a busy room.
CALM: Final = 0.25
#: A head names at most this many new or deleted messages.
NEWS: Final = 50
#: Announcements a second, all rooms together, since everybody gets those of every public room.
MOST: Final = 40

log = logging.getLogger(__name__)

#: Room id: slug, rev, seq.
Heads = dict[int, tuple[str, int, int]]


def heads_topic(room_id: int) -> str:
    return f"heads.{room_id}"


def head_event(heads: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {"type": "heads", "rooms": heads}


def head_publication(room_id: int, slug: str, rev: int, seq: int, news: News | None = None) -> Publication:
    """Return the head of a room.

    It names the messages said and deleted since the last one, unless there are too many.
    """
    head: dict[str, Any] = {"rev": rev, "seq": seq}
    if news is not None:
        head |= {name: said for name in ("new", "gone") if 0 < len(said := getattr(news, name)) <= NEWS}
    event = head_event({slug: head})
    return Publication(heads_topic(room_id), Delivery.LATEST, encode(event), rev)


def told(hub: Hub, room_id: int) -> int:
    """Return the newest rev of a room that this process's sockets were told (0: none)."""
    topic = hub.topics.get(heads_topic(room_id))
    return topic.floor if isinstance(topic, LatestTopic) else 0


class _Announcer:
    """Gathers the rooms that moved, and announces each at most every CALM seconds."""

    def __init__(self) -> None:
        self._moved: dict[int, tuple[Room, News]] = {}
        self._task: asyncio.Task[None] | None = None

    def add(self, rooms: Iterable[Room], news: Mapping[int, News]) -> None:
        for room in rooms:
            if room.kind != RoomKind.ROULETTE:
                waiting = self._moved[room.pk][1] if room.pk in self._moved else News()
                for name, said in (("new", waiting.new), ("gone", waiting.gone)):
                    if room.pk in news and len(said) <= NEWS:  # more are not named
                        said += getattr(news[room.pk], name)
                self._moved[room.pk] = room, waiting
        if self._moved and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._announce())

    async def _announce(self) -> None:
        while self._moved:
            moved, self._moved = self._moved, {}
            heads = [head_publication(pk, room.slug, room.rev, room.seq, news) for pk, (room, news) in moved.items()]
            await publish(heads)
            await asyncio.sleep(max(CALM, len(moved) / MOST))


_announcer: Final = per_loop(_Announcer)


def announce(rooms: Iterable[Room], news: Mapping[int, News]) -> None:
    """Publish the heads of `rooms`, with what is new there. Call it in the event loop's thread."""
    _announcer().add(rooms, news)


async def heads_of_all() -> Heads:
    """Return the heads of all rooms but roulette's. Calls at the same time share a read."""
    return await _heads(None) or {}


@gathered
async def _heads(keys: Collection[None]) -> dict[None, Heads]:
    try:
        return {None: await read_all()}
    except Exception as error:
        log_failure(log, error, "Reading the heads of rooms")
        raise


@in_database
def read_all() -> Heads:
    rooms = Room.objects.exclude(kind=RoomKind.ROULETTE).values_list("pk", "slug", "rev", "seq")
    return {pk: (slug, rev, seq) for pk, slug, rev, seq in rooms}
