"""The producers that come with Switchboard; your own go into the module `producers` of an app of yours."""

from streams.producers import blotter, chat, counter, database, host
from streams.producers.registry import Producer, all_producers, producer

__all__ = ["Producer", "all_producers", "blotter", "chat", "counter", "database", "host", "producer"]
