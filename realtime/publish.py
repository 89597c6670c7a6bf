"""The one door through which events leave a process: nothing else calls `group_send`."""

import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

log = logging.getLogger(__name__)


class Delivery(StrEnum):
    """How the hub treats a publication (docs/architecture.md, Delivery classes)."""

    LOG = "log"  # every one, in order of its number; gaps are read back from the store
    LATEST = "latest"  # the newest of each key
    EPHEMERAL = "ephemeral"  # now or never
    CONTROL = "control"  # for consumers, never for browsers


@dataclass(frozen=True, slots=True)
class Publication:
    """One event on its way.

    `topic`: `<kind>.<id>`, also the name of the channel-layer group (ASCII letters, digits, `-_.`, < 100).
    `text`: the JSON text that browsers get as it is.
    `number`: LOG: the change's number, dense per topic. LATEST: likewise; the parts of one update share it.
    `key`: LATEST only: which part of the topic this replaces; "" replaces all of it.
    """

    topic: str
    delivery: Delivery
    text: str
    number: int = 0
    key: str = ""


async def publish(publications: Iterable[Publication]) -> bool:
    """Send `publications` to the hubs of all processes; False when the wire failed (it is only logged).

    What is durable is in the store before this is called, so a sick wire loses nothing: hubs compare
    numbers with the store. A failed send may have arrived all the same.
    """
    by_topic: dict[str, list[list[Any]]] = defaultdict(list)
    for item in publications:
        by_topic[item.topic].append([str(item.delivery), item.number, item.key, item.text])
    layer = get_channel_layer()
    sent = True
    for topic, items in by_topic.items():
        try:
            await layer.group_send(topic, {"type": "hub.publications", "topic": topic, "items": items})
        except Exception as error:  # whatever a layer raises: Redis, sockets, time-outs
            sent = False
            log.warning("The channel layer did not take %s: %s: %s", topic, type(error).__name__, error)
    return sent


def publish_on_commit(publications: Iterable[Publication]) -> None:
    """Publish once the transaction under way is committed; for synchronous code."""
    items = list(publications)
    if items:
        transaction.on_commit(lambda: async_to_sync(publish)(items), robust=True)
