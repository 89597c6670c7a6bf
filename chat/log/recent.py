"""The newest part of a room's log, kept in memory as JSON for people who join."""

from collections.abc import Collection
from itertools import accumulate, takewhile
from typing import Any, Final

import msgspec

from chat.log import pages
from chat.log.pages import Page
from chat.log.quotes import quote
from chat.topics import room_topic
from realtime.delivery.memories import Memories, Memory
from realtime.storage.database import in_database
from realtime.storage.gather import gathered
from realtime.wire.protocol import encode

#: How many of the newest messages, and of the newest changes, the first read takes.
NEWEST: Final = 100
#: The most messages that are kept, and the most bytes.
MOST: Final = 400
MOST_BYTES: Final = 1024 * 1024


Wanted = tuple[int, int | None, int]  # room id, after, limit


class _Numbered(msgspec.Struct):
    """The address of a `message` event, and of the message that it answers."""

    seq: int
    reply_to: int | None = None


_address: Final = msgspec.json.Decoder(_Numbered)


class RecentMessages(Memory):
    """Messages in their state after change `number`.

    Invariants: `_messages` has, by seq and in order of rev, every message with a rev above `_after` and every message
    with a seq above `_before`. Quotes are as new as the messages.
    """

    def __init__(self, number: int, seq: int, after: int, before: int) -> None:
        super().__init__(number)
        self._seq = seq
        self._after = after
        self._before = before
        self._messages: dict[int, tuple[int, bytes, int | None]] = {}  # rev, JSON, what it answers
        self._size = 0

    def take(self, number: int, text: str) -> None:
        read = _address.decode(text)
        seq = read.seq
        if seq <= self._seq:
            self._renew_quotes(seq, text)
        self._seq = max(self._seq, seq)
        if seq in self._messages:
            self._size -= len(self._messages.pop(seq)[1])
        event = text.encode()
        self._messages[seq] = number, event, read.reply_to
        self._size += len(event)
        while len(self._messages) > MOST or self._size > MOST_BYTES:
            oldest = next(iter(self._messages))
            rev, gone, _ = self._messages.pop(oldest)
            self._after = max(self._after, rev)
            self._before = max(self._before, oldest)
            self._size -= len(gone)

    def _renew_quotes(self, seq: int, text: str) -> None:
        """Renew the quotes of message `seq` in its answers, so that deleted text does not stay readable there."""
        answers = [each for each, (_, _, answered) in self._messages.items() if answered == seq]
        if not answers:
            return
        event: dict[str, Any] = msgspec.json.decode(text)
        now = quote(seq, event["rev"], event["sender"], event["body"], event["deleted"])
        for each in answers:
            rev, before, _ = self._messages[each]
            answer = msgspec.json.decode(before)
            if answer["quote"]["rev"] < now["rev"]:
                after = encode(answer | {"quote": now}).encode()
                self._messages[each] = rev, after, seq
                self._size += len(after) - len(before)

    def newest(self, limit: int) -> Page | None:
        """Return what `pages.newest` would; None when not all of it is in memory."""
        if self._before > max(0, self._seq - limit):
            return None
        seqs = [seq for seq in sorted(self._messages, reverse=True) if seq > self._seq - limit]
        events = _that_fit([self._messages[seq][1] for seq in seqs])
        return Page(self.number, self._seq, events[::-1], True, self.number)

    def changed_after(self, after: int, limit: int) -> Page | None:
        """Return what `pages.changed_after` would; None when not all of it is in memory."""
        if self._after > after:
            return None
        found = list(takewhile(lambda message: message[0] > after, reversed(self._messages.values())))[::-1]
        events = _that_fit([event for _, event, _ in found[:limit]])
        complete = len(events) == len(found)
        reached = self.number if complete else found[len(events) - 1][0]
        return Page(self.number, self._seq, events, complete, reached)


def _that_fit(events: list[bytes]) -> list[msgspec.Raw]:
    """Return the first of `events`: as many as fit into a page, at least one."""
    sizes = accumulate(map(len, events))
    return [msgspec.Raw(event) for event, size in zip(events, sizes, strict=True) if size <= pages.PAGE_BYTES] or [
        msgspec.Raw(event) for event in events[:1]
    ]


@in_database
def _read(room_ids: Collection[int]) -> dict[int, RecentMessages]:
    found = {}
    for room, recent in pages.recent(room_ids, NEWEST).items():
        found[room] = kept = RecentMessages(recent.rev, recent.seq, recent.after, recent.before)
        for event in recent.messages:
            kept.take(event["rev"], encode(event))
    return found


@in_database
def _read_pages(wanted: Collection[Wanted]) -> dict[Wanted, Page]:
    return {
        (room, after, limit): pages.newest(room, limit) if after is None else pages.changed_after(room, after, limit)
        for room, after, limit in wanted
    }


_recent: Final = Memories(room_topic, _read)
_page: Final = gathered(_read_pages)


async def page(room_id: int, after: int | None, limit: int, least: int) -> Page:
    """Return what changed after `after` (None: the newest messages), in a state after change `least` or later.

    Only for subscribers of the room. Raises LookupError when there is no such room.
    """
    kept = await _recent.get(room_id, least)
    found = kept.newest(limit) if after is None else kept.changed_after(after, limit)
    found = found or await _page((room_id, after, limit))
    if found is None:
        raise LookupError(room_id)
    return found
