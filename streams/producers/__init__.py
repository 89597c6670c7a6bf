"""The producers that come with Switchboard. Put your own into the module `producers` of your own app."""

from streams.producers import blotter, chat, counter, database, host
from streams.producers.registry import Producer, all_producers, producer

__all__ = ["Producer", "all_producers", "blotter", "chat", "counter", "database", "host", "producer"]
