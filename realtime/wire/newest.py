"""Conflation: of the values that wait, only the newest of each key is kept. Pure.

A value that a newer one has replaced need not be sent. So when values wait for something slow, the number of keys
limits the queue, not the time. Values wait in three queues:

- for a reader whose socket takes no more (`Outbox`);
- for a connection that is still being sent its snapshot (`LatestTopic`);
- for the channel layer, while the worker's last publication is on its way (its `Writer`).

The heads of busy rooms wait too, but are not conflated: each adds what is new to the next.
"""

from typing import Generic, TypeVar

V = TypeVar("V")


class Newest(Generic[V]):
    """The newest value of each key of each topic, the newest last. The key "" stands for the whole topic."""

    __slots__ = ("_topics",)

    def __init__(self) -> None:
        self._topics: dict[str, dict[str, V]] = {}

    def __bool__(self) -> bool:
        return bool(self._topics)

    def put(self, topic: str, key: str, value: V) -> None:
        """Keep `value` instead of an older one. A value of the whole topic replaces those of all its keys."""
        if not key:
            self.forget(topic)
        values = self._topics.setdefault(topic, {})
        values.pop(key, None)
        values[key] = value

    def forget(self, topic: str) -> None:
        self._topics.pop(topic, None)

    def take(self) -> list[tuple[str, str, V]]:
        """Return topic, key and value of everything that waits, and empty the queue."""
        topics, self._topics = self._topics, {}
        return [(topic, key, value) for topic, values in topics.items() for key, value in values.items()]
