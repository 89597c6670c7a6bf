"""What waits for one connection, and what happens when its reader is slow. Pure."""

from enum import Enum, auto
from typing import Final

from realtime.wire.newest import Newest
from realtime.wire.protocol import Frame

#: Above this many unsent bytes a reader counts as slow: values are conflated, typing is dropped. (Exactly 64 KiB must
#: not count: Twisted reports an emptied buffer only after it held more than that.)
SLOW_BYTES: Final = 64 * 1024


class Verdict(Enum):
    WRITE = auto()
    WAIT = auto()  # conflated: only the newest value of its key will be written
    DROP = auto()
    CLOSE = auto()  # the reader is too slow: it must reconnect and resume


class Outbox:
    """The slow-consumer policy of one connection.

    `cap` is how many unsent bytes may wait before the connection is given up. Invariant: a frame that is
    neither conflatable nor droppable is written, in order, or the connection closes.
    """

    __slots__ = ("_latest", "cap")

    def __init__(self, cap: int) -> None:
        self.cap = cap
        self._latest: Newest[Frame] = Newest()

    def is_empty(self) -> bool:
        """True when nothing is held back."""
        return not self._latest

    def must(self, size: int, waiting: int) -> Verdict:
        """Decide on `size` bytes that may not be lost, with `waiting` bytes unsent before them."""
        return Verdict.CLOSE if waiting + size > self.cap and waiting else Verdict.WRITE

    def latest(self, key: tuple[str, str], frame: Frame, waiting: int) -> Verdict:
        """Decide on a value that a newer one with the same `key` (topic, key in it) replaces."""
        if waiting <= SLOW_BYTES and not self._latest:
            return Verdict.WRITE
        self._latest.put(*key, frame)
        return Verdict.WAIT

    def ephemeral(self, waiting: int) -> Verdict:
        """Decide on a frame that may be lost."""
        return Verdict.DROP if waiting > SLOW_BYTES else Verdict.WRITE

    def forget(self, topic: str) -> None:
        """Forget the conflated frames of `topic`: its reader has left."""
        self._latest.forget(topic)

    def take(self) -> list[Frame]:
        """Return and forget the conflated frames, now that the reader has caught up."""
        return [frame for _, _, frame in self._latest.take()] if self._latest else []
