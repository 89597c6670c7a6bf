"""Reading a room's log, in pages.

Head and rows of a page come from one statement: the room is joined to its messages.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from chat.models import Message, Room


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a room's log: `message` events, the room's head, and whether that is all there is."""

    rev: int
    seq: int
    messages: list[dict[str, Any]]
    complete: bool

    @property
    def reached(self) -> int:
        """The number up to which a reader of this page has everything."""
        return self.rev if self.complete or not self.messages else self.messages[-1]["rev"]


def newest(room_id: int, limit: int) -> Page:
    """Return the newest `limit` messages by seq, oldest first."""
    room, rows = _read(room_id, lambda rows: rows.order_by("-seq")[:limit])
    return _page(room, rows[::-1], complete=True)


def changed_after(room_id: int, after: int, limit: int) -> Page:
    """Return up to `limit` messages with rev > `after`, in rev order."""
    room, rows = _read(room_id, lambda rows: rows.filter(rev__gt=after).order_by("rev")[: limit + 1])
    return _page(room, rows[:limit], complete=len(rows) <= limit)


def before(room_id: int, seq: int, limit: int) -> Page:
    """Return the `limit` messages before message `seq`, oldest first; `complete`: there are none before them."""
    room, rows = _read(room_id, lambda rows: rows.filter(seq__lt=seq).order_by("-seq")[: limit + 1])
    return _page(room, rows[:limit][::-1], complete=len(rows) <= limit)


def _read(room_id: int, choose: Callable[[Any], Any]) -> tuple[Room, list[Message]]:
    """Return the chosen messages and the room as the same statement saw it.

    Without any message the head is read before them, so that it never claims more than they show.
    """
    messages = Message.objects.filter(room=room_id).select_related("room", "sender")
    rows = list(choose(messages))
    if rows:
        return rows[0].room, rows
    room = Room.objects.get(pk=room_id)
    rows = list(choose(messages))
    return (rows[0].room if rows else room), rows


def _page(room: Room, rows: Sequence[Message], complete: bool) -> Page:
    return Page(room.rev, room.seq, [row.event(room.slug, row.sender.on_wire()) for row in rows], complete)


def heads(room_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Return `(rev, seq)` of each room that exists."""
    found = Room.objects.filter(pk__in=list(room_ids)).values_list("pk", "rev", "seq")
    return {pk: (rev, seq) for pk, rev, seq in found}
