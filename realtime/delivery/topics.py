"""What a hub knows of one topic: who listens, and which number comes next. No I/O.

There are two kinds, one for each delivery class. A `LogTopic` delivers every publication once, in order of its number,
and says when one is missing. A `LatestTopic` delivers values as they come, but never an older one after a newer one.
"""

from collections import deque
from collections.abc import Iterable
from itertools import takewhile
from typing import Final

from realtime.delivery.publish import Delivery, Publication
from realtime.wire.connection import Connection
from realtime.wire.newest import Newest
from realtime.wire.protocol import Frame, join

#: How many recent publications of a log stay in memory for connections that resume, and how many bytes of them.
TAIL: Final = 512
TAIL_BYTES: Final = 1024 * 1024
#: When more publications than this wait for a missing one, the store is asked at once.
EARLY: Final = 1024
#: A publication that is this many numbers old is no longer expected to arrive.
HORIZON: Final = 10_000


class Topic:
    """What both kinds share. `live` connections get what comes; `held` ones wait for their snapshot."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.live: dict[Connection, None] = {}
        self.held: dict[Connection, None] = {}
        self.cost = 0.0  # seconds that the last flush took; the hub sets it
        self._passing: list[Frame] = []  # ephemeral frames, until the next flush

    def is_empty(self) -> bool:
        return not self.live and not self.held

    def connections(self) -> list[Connection]:
        return [*self.live, *self.held]

    def remove(self, connection: Connection) -> None:
        self.live.pop(connection, None)
        self.held.pop(connection, None)

    def behind(self, head: int | None = None) -> int | None:
        """Return the number after which something is missing when the store is at `head`; None: nothing is missing."""
        return None

    def pass_on(self, item: Publication) -> None:
        """Deliver a publication without a number: typing to browsers, control to consumers."""
        if item.delivery is Delivery.CONTROL:
            for connection in self.connections():
                connection.on_control(item.topic, item.text)
        else:
            self._passing.append(Frame(item.text))

    def flush(self) -> None:
        """Write what came since the last flush. The frames are joined once; each connection gets one write."""
        if self._passing:
            frames, self._passing = self._passing, []
            data = join(frames)
            for connection in self.live:
                connection.write_ephemeral(data, frames)


class LogTopic(Topic):
    """A numbered log.

    Invariants: everything up to `last` was delivered (None: nothing has come yet, and no connection was released).
    `early` holds only numbers above `last` + 1. A connection in `ahead` has a position above `last`. `tail` holds what
    was delivered after `tail_after`, in order; a later change may have replaced an earlier one in it.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.last: int | None = None
        self.early: dict[int, Publication] = {}
        self.ahead: dict[Connection, int] = {}
        self.tail: deque[tuple[int, Frame]] = deque()
        self.tail_after = 0
        self._tail_bytes = 0
        self._batch: list[Frame] = []  # for all live connections, until the next flush

    def flush(self) -> None:
        super().flush()
        if self._batch:
            frames, self._batch = self._batch, []
            data = join(frames)
            for connection in self.live:
                connection.write(data, frames)

    def is_empty(self) -> bool:
        return super().is_empty() and not self.ahead

    def connections(self) -> list[Connection]:
        return [*super().connections(), *self.ahead]

    def remove(self, connection: Connection) -> None:
        super().remove(connection)
        self.ahead.pop(connection, None)

    def behind(self, head: int | None = None) -> int | None:
        last = self.last
        return last if last is not None and (self.early or (head or 0) > last) else None

    def receive(self, item: Publication) -> bool:
        """Take a publication from the layer; return True while one before it is missing."""
        if self.last is None:  # a connection that has less gets the rest from the store at its release
            self.last = self.tail_after = item.number - 1
        if item.number == self.last + 1:
            self._hand_out(item)
            self._drain_early()
        elif item.number > self.last:
            self.early[item.number] = item
        return bool(self.early)

    def fill(self, items: Iterable[Publication], head: int) -> None:
        """Take what the store has: all changes up to `head`, without those that a later one replaced."""
        for item in items:
            if item.number > self._last:
                self._hand_out(item)
        self._cover(head)

    def _cover(self, head: int) -> None:
        """Count everything up to `head` as delivered."""
        if head > self._last:
            self.last = head
            self._settle(head)
        self._drain_early()

    def since(self, number: int) -> list[tuple[int, Frame]] | None:
        """Return what was delivered after `number`, in order; None when the tail is too short."""
        if self.last is None or number >= self.last:
            return []
        if number < self.tail_after:
            return None
        return list(takewhile(lambda item: item[0] > number, reversed(self.tail)))[::-1]

    def catch_up(self, connection: Connection, after: int) -> bool:
        """Make `connection`, which has everything up to `after`, live; False when the tail is too short."""
        if self.last is None:
            self.last = self.tail_after = after
        if after < self.last:
            missed = self.since(after)
            if missed is None:
                return False
            frames = [frame for _, frame in missed]
            connection.write(b"".join(frame.wire for frame in frames), frames)
        self.held.pop(connection, None)
        if after > self.last:
            self.ahead[connection] = after
        else:
            self.flush()
            self.live[connection] = None
        return True

    @property
    def _last(self) -> int:
        assert self.last is not None
        return self.last

    def _drain_early(self) -> None:
        for number in [number for number in self.early if number <= self._last]:
            del self.early[number]
        while (item := self.early.pop(self._last + 1, None)) is not None:
            self._hand_out(item)

    def _hand_out(self, item: Publication) -> None:
        self._settle(item.number - 1)  # numbers may be skipped; a connection at that position gets this one
        frame = Frame(item.text)
        self._batch.append(frame)
        self.last = item.number
        self.tail.append((item.number, frame))
        self._tail_bytes += len(frame)
        while len(self.tail) > TAIL or self._tail_bytes > TAIL_BYTES:
            self.tail_after, oldest = self.tail.popleft()
            self._tail_bytes -= len(oldest)
        self._settle(item.number)

    def _settle(self, number: int) -> None:
        """Make connections live that were ahead of this log, now that it has reached their position."""
        for connection in [each for each, place in self.ahead.items() if place <= number]:
            del self.ahead[connection]
            self.flush()
            self.live[connection] = None


class LatestTopic(Topic):
    """Values by key.

    `newest`: of each key, the highest number seen. `floor`: the highest number that replaced the whole topic.
    `settled`: every number after `began`, up to this one, was seen or replaced (None: nothing has come yet, and no
    connection was released). `seen`: the numbers seen above `settled`. `fresh`: their values.

    A connection in `ahead` is live, but its snapshot is newer than `settled`: it gets nothing up to that point.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.floor = 0
        self.began = 0
        self.settled: int | None = None
        self.newest: dict[str, int] = {}
        self.seen: set[int] = set()
        self.fresh: dict[str, tuple[int, Frame]] = {}
        self.ahead: dict[Connection, int] = {}
        self.audience: frozenset[Connection] | None = None  # those `live` and not `ahead`, as of the last flush
        self._prune_at = HORIZON
        self._waiting: dict[Connection, Newest[tuple[int, Frame]]] = {}
        self._batch: list[tuple[int, str, Frame]] = []  # for all live connections, until the next flush

    def flush(self) -> None:
        flush_values([self])

    def take_batch(self) -> list[tuple[int, str, Frame]]:
        """Return what came since the last flush, for those `live` and not `ahead`; write to those `ahead` here."""
        super().flush()
        batch, self._batch = self._batch, []
        for connection, place in self.ahead.items():
            for number, key, frame in batch:
                if number > place:
                    connection.write_latest([(self.name, key)], [frame], frame.wire)
        return batch

    def let_join(self) -> None:
        """Remove from `ahead` the connections whose position is settled now."""
        if self.ahead:
            settled = self._settled
            self.ahead = {connection: place for connection, place in self.ahead.items() if place > settled}
            self.audience = None

    def remove(self, connection: Connection) -> None:
        super().remove(connection)
        self.ahead.pop(connection, None)
        self.audience = None
        self._waiting.pop(connection, None)

    def behind(self, head: int | None = None) -> int | None:
        settled = self.settled
        return settled if settled is not None and (self.seen or (head or 0) > settled) else None

    def receive(self, item: Publication) -> bool:
        """Take a publication; return True while a number below it was never seen."""
        if self.settled is None:
            self.began = self.settled = item.number - 1
        if self._is_old(item):
            self._see(item.number)
        elif item.key:
            self._take_part(item.key, item.number, Frame(item.text))
        else:
            self._take_whole(item.number, Frame(item.text))
        return self.behind() is not None

    def _take_part(self, key: str, number: int, frame: Frame) -> None:
        self.newest[key] = number
        self._see(number)
        if number > self._settled:
            self.fresh.pop(key, None)
            self.fresh[key] = number, frame
        self._prune()
        self._deliver(key, number, frame)

    def _take_whole(self, number: int, frame: Frame) -> None:
        """Take a value that replaces all. Newer parts that came before it are delivered again after it."""
        again = [(key, *value) for key, value in self.fresh.items() if value[0] > number]
        self.floor = number
        self.newest = {key: newer for key, newer, _ in again}
        self._deliver("", number, frame)
        for part in again:
            self._deliver(*part)
        self._cover(number)

    def _deliver(self, key: str, number: int, frame: Frame) -> None:
        self._batch.append((number, key, frame))
        for connection in self.held:
            self._waiting.setdefault(connection, Newest()).put(self.name, key, (number, frame))

    def fill(self, items: Iterable[Publication], head: int) -> None:
        """Take what the store has: the values that changed, up to `head`."""
        for item in items:
            self.receive(item)
        self._cover(head)

    def _cover(self, head: int) -> None:
        """Count everything up to `head` as seen."""
        if head > self._settled:
            self.settled = head
            self.seen = {number for number in self.seen if number > head}
            self._advance()

    def catch_up(self, connection: Connection, after: int) -> bool:
        """Make a connection live. Its snapshot has everything up to `after`; False when that is too old."""
        if self.settled is None:
            self.began = self.settled = after
        elif after < self.began:
            return False
        self.flush()  # this connection has that already, or gets it from what waits
        self.held.pop(connection, None)
        self.live[connection] = None
        self.audience = None
        if after > self._settled:
            self.ahead[connection] = after
        if waiting := self._waiting.pop(connection, None):
            for topic, key, (number, frame) in waiting.take():
                if number > after:
                    connection.write_latest([(topic, key)], [frame], frame.wire)
        return True

    @property
    def _settled(self) -> int:
        assert self.settled is not None
        return self.settled

    def _is_old(self, item: Publication) -> bool:
        # The parts of one update share a number, so a later part may come when that number is settled. A whole comes
        # alone.
        past = max(self.began, self._settled - HORIZON) if item.key else self._settled
        return item.number <= max(self.floor, self.newest.get(item.key, 0), past)

    def _see(self, number: int) -> None:
        if number > self._settled:
            self.seen.add(number)
            self._advance()

    def _advance(self) -> None:
        settled = self._settled
        while settled + 1 in self.seen:
            settled += 1
            self.seen.discard(settled)
        self.settled = settled
        if self.fresh:
            self.fresh = {key: value for key, value in self.fresh.items() if value[0] > settled}

    def _prune(self) -> None:
        """Forget keys that have not changed for long: a table gains and loses rows without end."""
        if len(self.newest) > self._prune_at:
            oldest = self._settled - HORIZON
            self.newest = {key: number for key, number in self.newest.items() if number > oldest}
            self._prune_at = max(HORIZON, 2 * len(self.newest))


def flush_values(topics: Iterable[LatestTopic]) -> None:
    """Write what came of `topics` since the last flush. Each connection gets one write.

    Topics with the same audience, such as the streams of a board, are joined and written together.
    """
    alike: dict[frozenset[Connection], list[tuple[LatestTopic, list[tuple[int, str, Frame]]]]] = {}
    for topic in topics:
        if batch := topic.take_batch():
            if topic.audience is None:
                topic.audience = frozenset(topic.live.keys() - topic.ahead.keys() if topic.ahead else topic.live)
            alike.setdefault(topic.audience, []).append((topic, batch))
        topic.let_join()
    wanted: dict[Connection, list[frozenset[Connection]]] = {}
    for audience in alike:
        for connection in audience:
            wanted.setdefault(connection, []).append(audience)
    joined: dict[tuple[frozenset[Connection], ...], tuple[list[tuple[str, str]], list[Frame], bytes]] = {}
    for connection, audiences in wanted.items():
        same = tuple(audiences)
        if same not in joined:
            parts = [
                (topic.name, key, frame) for each in same for topic, batch in alike[each] for _, key, frame in batch
            ]
            frames = [frame for _, _, frame in parts]
            joined[same] = [(name, key) for name, key, _ in parts], frames, join(frames)
        connection.write_latest(*joined[same])
