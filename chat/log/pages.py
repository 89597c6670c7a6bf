"""Reading a room's log, in pages.

The head and the rows of a page come from one statement, which joins the room to its messages.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Q

from chat.log import quotes
from chat.models import Message, Room
from realtime.storage import bulk
from realtime.wire.protocol import encode

#: The most bytes of JSON in a page; a single message may have more.
PAGE_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a room's log: `message` events, the room's head, and whether nothing is missing (`complete`).

    A reader of this page has everything up to change `reached`. Events from memory are JSON already.
    """

    rev: int
    seq: int
    messages: list[Any]
    complete: bool
    reached: int


@dataclass(frozen=True, slots=True)
class Recent:
    """The messages with a seq above `before` or a rev above `after`, in rev order; and the room's head."""

    rev: int
    seq: int
    after: int
    before: int
    messages: list[dict[str, Any]]


def newest(room_id: int, limit: int) -> Page:
    """Return the newest messages by seq, oldest first: `limit`, or as many as a page may hold."""
    room, rows = _read(room_id, lambda rows: rows.order_by("-seq")[:limit])
    return Page(room.rev, room.seq, _that_fit(room, rows)[::-1], True, room.rev)


def changed_after(room_id: int, after: int, limit: int) -> Page:
    """Return up to `limit` messages with rev > `after`, in rev order."""
    room, rows = _read(room_id, lambda rows: rows.filter(rev__gt=after).order_by("rev")[: limit + 1])
    events = _that_fit(room, rows[:limit])
    complete = len(events) == len(rows)
    return Page(room.rev, room.seq, events, complete, room.rev if complete else events[-1]["rev"])


def before(room_id: int, seq: int, limit: int) -> Page:
    """Return up to `limit` messages before message `seq`, oldest first; `complete`: there are none before them."""
    room, rows = _read(room_id, lambda rows: rows.filter(seq__lt=seq).order_by("-seq")[: limit + 1])
    events = _that_fit(room, rows[:limit])
    return Page(room.rev, room.seq, events[::-1], len(events) == len(rows), room.rev)


def following(room_id: int, seq: int, limit: int) -> Page:
    """Return up to `limit` messages after message `seq`, oldest first; `complete`: there are none after them."""
    room, rows = _read(room_id, lambda rows: rows.filter(seq__gt=seq).order_by("seq")[: limit + 1])
    events = _that_fit(room, rows[:limit])
    return Page(room.rev, room.seq, events, len(events) == len(rows), room.rev)


def around(room_id: int, seq: int, limit: int) -> Page:
    """Return up to `limit` messages around `seq`, with as many before it as after it where possible.

    Oldest first; `complete`: there are none before them. A `seq` beyond an end counts as that end.
    """
    head = Room.objects.values_list("seq", flat=True).get(pk=room_id)
    seq = max(1, min(seq, head))
    start = max(1, min(seq - limit // 2, head - limit + 1))
    room, rows = _read(room_id, lambda rows: rows.filter(seq__gte=start).order_by("seq")[:limit])
    nearest = sorted(rows, key=lambda row: abs(row.seq - seq))
    events = sorted(_that_fit(room, nearest), key=lambda event: int(event["seq"]))
    return Page(room.rev, room.seq, events, not events or events[0]["seq"] == 1, room.rev)


def recent(room_ids: Collection[int], count: int) -> dict[int, Recent]:
    """Return, for each existing room, at least the newest `count` messages and those of the newest `count` changes."""
    rooms = bulk.find(Room, ("id",), [(room,) for room in room_ids], ("id", "rev", "seq"))
    start = {pk: (max(0, rev - count), max(0, seq - count)) for pk, rev, seq in rooms}
    wanted = Q(pk__in=())
    for pk, rev, _ in rooms:
        if rev:
            after, before = start[pk]
            wanted |= Q(room=pk, seq__gt=before) | Q(room=pk, rev__gt=after)
    rows: dict[int, list[Message]] = defaultdict(list)
    for row in Message.objects.filter(wanted).select_related("room", "sender").order_by("rev"):
        rows[row.room_id].append(row)
    found = {}
    for pk, rev, seq in rooms:
        after, before = start[pk]
        if rows[pk]:  # the head as the same statement saw it
            room = rows[pk][0].room
            found[pk] = Recent(room.rev, room.seq, after, before, _events(room, rows[pk]))
        else:
            found[pk] = Recent(rev, seq, after, before, [])
    return found


def _read(room_id: int, choose: Callable[[Any], Any]) -> tuple[Room, list[Message]]:
    """Return the chosen messages, and the room as the same statement saw it.

    When there are no messages, the head is read first, so that it never claims more than the messages show.
    """
    messages = Message.objects.filter(room=room_id).select_related("room", "sender")
    rows = list(choose(messages))
    if rows:
        return rows[0].room, rows
    room = Room.objects.get(pk=room_id)
    rows = list(choose(messages))
    return (rows[0].room if rows else room), rows


def _that_fit(room: Room, rows: Sequence[Message]) -> list[dict[str, Any]]:
    """Return the events of the first `rows`: as many as fit into a page, at least one."""
    events: list[dict[str, Any]] = []
    size = 0
    for event in _events(room, rows):
        size += len(encode(event).encode())
        if events and size > PAGE_BYTES:
            break
        events.append(event)
    return events


def _events(room: Room, rows: Sequence[Message]) -> list[dict[str, Any]]:
    answered = quotes.read((row.room_id, row.reply_to) for row in rows if row.reply_to)
    return [row.event(room.slug, row.sender.on_wire(), answered.get((row.room_id, row.reply_to or 0))) for row in rows]


def heads(room_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Return `(rev, seq)` of each room that exists."""
    found = Room.objects.filter(pk__in=list(room_ids)).values_list("pk", "rev", "seq")
    return {pk: (rev, seq) for pk, rev, seq in found}
