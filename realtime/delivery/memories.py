"""The state that a log adds up to, kept in memory while somebody here listens to its topic.

It is read from the store once. When somebody asks for it later, it first takes what the topic has delivered since. So a
joiner gets the state exactly at the topic's position, without a query.
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

#: Seconds after which it is read again: people's names change without an event.
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
        """Take all that `topic` has delivered since; False when its tail is too short, or this state too old."""
        events = topic.since(self.number)
        if events is None or time.monotonic() - self.since > OLDEST:
            return False
        for number, frame in events:
            self.take(number, frame.text)
        self.number = max(self.number, topic.last or 0)
        return True


M = TypeVar("M", bound=Memory)


class Memories(Generic[M]):
    """The memories of one kind. `name` gives the topic of an id; `read` reads the states of several ids."""

    def __init__(
        self, name: Callable[[int], str], read: Callable[[Collection[int]], Awaitable[Mapping[int, M]]]
    ) -> None:
        self._name = name
        self._read = gathered(read)
        self._kept: weakref.WeakKeyDictionary[LogTopic, M] = weakref.WeakKeyDictionary()

    async def get(self, id: int, least: int) -> M:
        """Return the state of the log after change `least` or later; the store must have `least`.

        Only for subscribers of the topic. Never change the result. Raises LookupError when there is no such log.
        """
        memory = self._current(id)
        if memory is not None and memory.number < least:
            await asyncio.sleep(GAP_PATIENCE)  # the topic's publication is still on its way
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
