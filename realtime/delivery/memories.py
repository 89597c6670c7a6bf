"""What a log comes to, kept in memory for as long as somebody here listens to its topic.

It is read from the store once, and from then on brought up to date, when it is asked for, with what the topic
has handed out since. So a joiner gets it exactly at the topic's place, and the store is not asked.
"""

import asyncio
import time
import weakref
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Final, Generic, TypeVar

from realtime.delivery.hub import GAP_PATIENCE, current_hub
from realtime.delivery.topics import LogTopic
from realtime.storage.gather import gathered

#: Seconds after which it is read again: names of people change without an event.
OLDEST: Final = 60.0


class Memory(ABC):
    """The state of a log after its change `number`."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.since = time.monotonic()

    @abstractmethod
    def take(self, number: int, text: str) -> None:
        """Take the next event of the log."""

    def follow(self, topic: LogTopic) -> bool:
        """Take all that `topic` has handed out; False when its tail is too short, or this too old."""
        events = topic.since(self.number)
        if events is None or time.monotonic() - self.since > OLDEST:
            return False
        for number, frame in events:
            self.take(number, frame.text)
        self.number = max(self.number, topic.last or 0)
        return True


M = TypeVar("M", bound=Memory)


class Memories(Generic[M]):
    """The memories of one kind: `name` gives the topic of an id, `read` reads those of several ids."""

    def __init__(
        self, name: Callable[[int], str], read: Callable[[Collection[int]], Awaitable[Mapping[int, M]]]
    ) -> None:
        self._name = name
        self._read = gathered(read)
        self._kept: weakref.WeakKeyDictionary[LogTopic, M] = weakref.WeakKeyDictionary()

    async def get(self, id: int, least: int) -> M:
        """Return what the log came to, after change `least` or later, which the store has.

        For one who is subscribed to the topic. Change it never. Raises LookupError when there is no such log.
        """
        memory = self._current(id)
        if memory is not None and memory.number < least:
            await asyncio.sleep(GAP_PATIENCE)  # it is on its way
            memory = self._current(id)
        if memory is not None and memory.number >= least:
            return memory
        memory = await self._read(id)
        if memory is None:
            raise LookupError(self._name(id))
        topic = self._topic(id)
        if topic is not None and memory.follow(topic):
            self._kept[topic] = memory
        return memory

    def _current(self, id: int) -> M | None:
        topic = self._topic(id)
        memory = self._kept.get(topic) if topic is not None else None
        return memory if memory is not None and topic is not None and memory.follow(topic) else None

    def _topic(self, id: int) -> LogTopic | None:
        topic = current_hub().topics.get(self._name(id))
        return topic if isinstance(topic, LogTopic) else None
