"""The hub: one per process. It orders what its link to the channel layer brings, fills gaps, and fans it out.

The channel layer is only a hint (docs/architecture.md). It may drop, double or reorder publications; the hub notices
by their numbers and reads back from the store.
"""

import asyncio
import logging
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final, Protocol

from realtime.delivery.layer_link import Link, log_failure
from realtime.delivery.publish import Delivery, Here, Publication, hear
from realtime.delivery.topics import EARLY, LatestTopic, LogTopic, Topic, flush_values
from realtime.per_loop import per_loop
from realtime.storage import database
from realtime.wire.connection import Connection
from realtime.wire.protocol import Close

log = logging.getLogger(__name__)

#: Seconds in which a gap may close by itself: publications of two processes often arrive in the wrong order.
GAP_PATIENCE: Final = 0.03
#: Seconds between comparisons with the store: usually; while the channel layer fails; after the first subscription.
CHECK_EVERY: Final = 15.0
CHECK_SICK: Final = 1.0
CHECK_NEW: Final = 1.0
#: A flush that took this many seconds delays the next one: of values always, of a log only while more is coming.
COSTLY: Final = 0.001
#: A flush waits as long as the last one took, but at most this many seconds.
LONGEST_WAIT: Final = 0.05


#: Seconds for which another process counts as healthy after it said so; it says so every five.
OTHERS_PATIENCE: Final = 12.0


@dataclass(frozen=True, slots=True)
class Readback:
    """What a store has of a topic after some number.

    `publications` are in order of number. They hold every change up to `head`, or a later change that replaced it.
    """

    head: int
    publications: list[Publication] = field(default_factory=list)


class Source(Protocol):
    """How the hub reads a topic back from the database; one per kind of topic."""

    delivery: Delivery

    async def heads(self, topics: Collection[str]) -> Mapping[str, int]:
        """Return the newest number of each of `topics`; topics that are gone are left out."""

    async def read(self, topic: str, after: int) -> Readback:
        """Return the changes after `after`. It may stop early; its `head` says where."""

    def is_coming(self, topic: str) -> bool:
        """Return whether this process is about to publish on `topic`; then a costly flush waits for that."""
        return False


sources: dict[str, Source] = {}


def register_source(kind: str, source: Source) -> None:
    """Read topics named `<kind>.…` back from `source`. Call this in `AppConfig.ready`."""
    sources[kind] = source


class Hub:
    """The topics and connections of this process (to be exact, of this event loop)."""

    def __init__(self) -> None:
        self.topics: dict[str, Topic] = {}
        self.connections: set[Any] = set()  # the consumers of all open sockets
        self.connections_of: dict[Any, dict[Any, None]] = {}  # each user's, by primary key, oldest first
        self.changed_users: dict[Any, None] = {}  # whose sockets have opened or ended (see `realtime.siblings`)
        self.strangers: Counter[str] = Counter()  # sockets that nobody has signed in to, by who pays for them
        self.draining = False
        self.heals = 0  # how often the hub had to read back from the store
        self.name = uuid.uuid4().hex
        self.link = Link(self.name, self.topics, self.receive)
        self._checking = False
        self._tasks: set[asyncio.Task[Any]] = set()
        self._dirty: dict[Topic, None] = {}
        self.waiting: dict[Topic, asyncio.TimerHandle] = {}
        self._values: dict[LatestTopic, None] = {}  # those with values that wait to be written
        self._rest: asyncio.TimerHandle | None = None
        self.healing: set[Topic] = set()
        self._new: set[str] = set()

    @property
    def sick(self) -> bool:
        """True while the channel layer fails or is deaf.

        Comparisons with the store then bring everything, a second late.
        """
        return self.link.sick

    @sick.setter
    def sick(self, sick: bool) -> None:
        self.link.sick = sick

    def sends_away(self) -> bool:
        """True while this process cannot reach the database and another process has reached it since."""
        others, condition = self.link.others_answered_at, database.condition
        return bool(condition.away) and max(condition.away_since, time.monotonic() - OTHERS_PATIENCE) < others

    async def send_away(self, detail: str) -> None:
        """Tell all clients to reconnect to another process, and close their sockets."""
        leaving = [each.connection for each in self.connections if not each.connection.closed]
        log.warning("Sending %d sockets to other processes: %s", len(leaving), detail)
        for connection in leaving:
            await send_away(connection, detail)

    # Subscriptions

    async def subscribe(self, name: str, connection: Connection) -> None:
        """Subscribe `connection` to the topic `name`.

        On a topic that has a source, the connection gets nothing before `release`, so that it can read the store in
        between. Returns when the layer brings what is published, or after a second: until the layer does,
        comparisons with the store bring it.
        """
        if connection.closed:
            return
        topic = self.topics.get(name)
        if topic is None:
            topic = self.topics[name] = _make_topic(name)
        if name in connection.topics:
            topic.remove(connection)
            connection.forget_latest(name)
        connection.topics[name] = None
        if isinstance(topic, LogTopic | LatestTopic):
            if topic.is_empty():
                self._check_soon(name)
            topic.held[connection] = None
        else:
            topic.live[connection] = None
        if not self._checking:
            self._checking = True
            self.later(self._check_forever())
        await self.link.ready()

    async def release(self, name: str, connection: Connection, after: int) -> None:
        """Start delivering to `connection`, which has everything of the topic up to number `after`."""
        topic = self.topics.get(name)
        assert topic is None or isinstance(topic, LogTopic | LatestTopic)
        while topic and connection in topic.held and not topic.catch_up(connection, after):
            reached = await self._replay(topic, connection, after)
            if reached <= after:  # the store has less than we delivered
                await connection.close(Close.RESYNC)
                return
            after = reached
        if topic and connection in topic.ahead:  # it has read what the others here have not got yet
            self._heal_soon(topic, after)

    async def unsubscribe(self, name: str, connection: Connection) -> None:
        connection.topics.pop(name, None)
        topic = self.topics.get(name)
        if topic is not None:
            topic.flush()
            topic.remove(connection)
            connection.forget_latest(name)
            self._forget_if_empty(topic)

    def forget(self, connection: Connection) -> None:
        """Take a closed connection out of every topic."""
        for name in connection.topics:
            if topic := self.topics.get(name):
                topic.remove(connection)
                self._forget_if_empty(topic)
        connection.topics.clear()

    def _forget_if_empty(self, topic: Topic) -> None:
        if topic.is_empty() and self.topics.get(topic.name) is topic:
            del self.topics[topic.name]
            self._dirty.pop(topic, None)
            if isinstance(topic, LatestTopic):
                self._values.pop(topic, None)
            self._wait_no_more(topic)

    async def _replay(self, topic: Topic, connection: Connection, after: int) -> int:
        """Send one waiting connection what the store has after `after`; return its new position."""
        readback = await _source(topic.name).read(topic.name, after)
        if connection in topic.held:  # it may have gone meanwhile
            for item in readback.publications:
                connection.send_text(item.text)
        return readback.head

    # What comes in

    def receive(self, items: Iterable[Publication]) -> None:
        """Take what was published, here or elsewhere."""
        gaps: set[Topic] = set()
        for item in items:
            topic = self.topics.get(item.topic)
            if topic is None:
                continue
            if item.delivery in (Delivery.EPHEMERAL, Delivery.CONTROL):
                topic.pass_on(item)
            elif isinstance(topic, LogTopic | LatestTopic):
                (gaps.add if topic.receive(item) else gaps.discard)(topic)
            self._mark(topic)
        for topic in gaps:
            self._heal_soon(topic)

    def _mark(self, topic: Topic) -> None:
        if not self._dirty:
            asyncio.get_running_loop().call_soon(self._flush)
        self._dirty[topic] = None

    def _flush(self) -> None:
        dirty, self._dirty = self._dirty, {}
        for topic in sorted(dirty, key=attrgetter("cost")):  # so that a quiet room does not wait for a busy one
            if isinstance(topic, LatestTopic):
                self._values[topic] = None
            elif isinstance(topic, LogTopic) and topic.cost > COSTLY and _source(topic.name).is_coming(topic.name):
                self._wait(topic)
            else:
                self._flush_log(topic)
        if self._values and self._rest is None:
            self._flush_values()

    def _flush_values(self) -> None:
        """Write all values; then write none for as long as this took, so that other work gets half of the time."""
        values, self._values, self._rest = self._values, {}, None
        began = time.perf_counter()
        flush_values(values)
        cost = time.perf_counter() - began
        if cost > COSTLY:
            self._rest = asyncio.get_running_loop().call_later(min(cost, LONGEST_WAIT), self._flush_values)

    def _flush_log(self, topic: Topic) -> None:
        self._wait_no_more(topic)
        began = time.perf_counter()
        topic.flush()
        topic.cost = time.perf_counter() - began

    def _wait(self, topic: Topic) -> None:
        """Delay the next flush for what is coming, but no longer than a flush takes."""
        if topic not in self.waiting:
            seconds = min(topic.cost, LONGEST_WAIT)
            self.waiting[topic] = asyncio.get_running_loop().call_later(seconds, self._flush_log, topic)

    def _wait_no_more(self, topic: Topic) -> None:
        if timer := self.waiting.pop(topic, None):
            timer.cancel()

    # Reading back

    def _heal_soon(self, topic: Topic, head: int | None = None) -> None:
        if topic not in self.healing:
            self.healing.add(topic)
            many = isinstance(topic, LogTopic) and len(topic.early) > EARLY
            self.later(self._heal(topic, 0 if many else GAP_PATIENCE, head))

    async def _heal(self, topic: Topic, patience: float, head: int | None = None) -> None:
        """Read what is missing from the store, unless it came meanwhile; one read at a time per topic."""
        try:
            await asyncio.sleep(patience)
            while self.topics.get(topic.name) is topic:
                after = topic.behind(head)
                if after is None:
                    return
                self.heals += 1
                readback = await _source(topic.name).read(topic.name, after)
                assert isinstance(topic, LogTopic | LatestTopic)
                topic.fill(readback.publications, readback.head)
                self._mark(topic)
                if readback.head <= after:
                    return  # the store has no more: what came early was committed where we cannot see it yet
        except Exception as error:
            database.log_failure(log, error, f"Reading {topic.name} back (the next comparison tries again)")
        finally:
            self.healing.discard(topic)

    async def check(self, names: Iterable[str]) -> None:
        """Compare topics with the store; read back those that are behind."""
        by_kind: dict[str, list[str]] = defaultdict(list)
        for name in names:
            kind = name.partition(".")[0]
            if kind in sources and name in self.topics:
                by_kind[kind].append(name)
        await asyncio.gather(*[self._check_kind(kind, group) for kind, group in by_kind.items()])

    async def _check_kind(self, kind: str, names: list[str]) -> None:
        try:
            heads = await sources[kind].heads(names)
        except Exception as error:
            database.log_failure(log, error, f"Comparing {kind} topics with the store (the next one tries again)")
            return
        behind = [
            (topic, head)
            for name, head in heads.items()
            if (topic := self.topics.get(name)) and topic.behind(head) is not None and topic not in self.healing
        ]
        self.healing.update(topic for topic, _ in behind)
        await asyncio.gather(*[self._heal(topic, GAP_PATIENCE, head) for topic, head in behind])

    def _check_soon(self, name: str) -> None:
        """The layer may confirm a subscription before it works: check once for what was missed meanwhile."""
        if not self._new:
            self.later(self._check_new())
        self._new.add(name)

    async def _check_new(self) -> None:
        await asyncio.sleep(CHECK_NEW / 2)  # one check for all that subscribe together, as after a restart
        names, self._new = self._new, set()
        await asyncio.sleep(CHECK_NEW)
        await self.check(names)

    async def _check_forever(self) -> None:
        checked = time.monotonic()
        was_sick = False
        while True:
            await asyncio.sleep(CHECK_SICK)
            # Once more when the layer works again, for what it lost after the last comparison.
            if self.sick or was_sick or time.monotonic() - checked >= CHECK_EVERY:
                checked = time.monotonic()
                was_sick = self.sick
                await self.check(list(self.topics))

    # Life

    def later(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(log_failure)

    async def close(self) -> None:
        """Stop listening, at the end of a process or a test."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(self.link.close(), *tasks, return_exceptions=True)


async def send_away(connection: Connection, detail: str) -> None:
    """Tell one client that this process cannot serve it now, and when to reconnect."""
    notice = {"type": "notice", "code": "away", "detail": detail, "retry_after": database.retry_after()}
    connection.send(notice)
    await connection.close(Close.AGAIN)


def _make_topic(name: str) -> Topic:
    source = sources.get(name.partition(".")[0])
    if source is None:
        return Topic(name)
    return LogTopic(name) if source.delivery is Delivery.LOG else LatestTopic(name)


def _source(name: str) -> Source:
    return sources[name.partition(".")[0]]


def _make_hub() -> Hub:
    hub = Hub()
    hear(Here(hub.name, hub.receive))
    return hub


#: Returns the hub of the running event loop, so of this process.
current_hub: Final = per_loop(_make_hub)
