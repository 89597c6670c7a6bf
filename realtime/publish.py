"""The one door through which events leave a process: nothing else calls `group_send`."""

import asyncio
import logging
import weakref
from collections.abc import Callable, Iterable
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from realtime.background import layer_is_embedded

log = logging.getLogger(__name__)

#: The group of all hubs (docs/decisions/0003). Each message carries all that was committed together.
GROUP: Final = "hubs"
#: Publications in one message at the most: some have 8 kB, and Redis closes on who lags 8 MB behind.
CHUNK: Final = 200


class Delivery(StrEnum):
    """How the hub treats a publication (docs/architecture.md, Delivery classes)."""

    LOG = "log"  # every one, in order of its number; gaps are read back from the store
    LATEST = "latest"  # the newest of each key
    EPHEMERAL = "ephemeral"  # now or never
    CONTROL = "control"  # for consumers, never for browsers


@dataclass(frozen=True, slots=True)
class Publication:
    """One event on its way.

    `topic`: `<kind>.<id>`; the kind says which source the hub reads it back from.
    `text`: the JSON text that browsers get as it is.
    `number`: LOG: the change's number, dense per topic. LATEST: likewise; the parts of one update share it.
    `key`: LATEST only: which part of the topic this replaces; "" replaces all of it.
    """

    topic: str
    delivery: Delivery
    text: str
    number: int = 0
    key: str = ""


@dataclass(frozen=True, slots=True)
class Here:
    """The hub of this process: its name, and how it takes publications."""

    name: str
    take: Callable[[list[Publication]], None]
    context: Context = field(default_factory=copy_context)


_here: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Here]" = weakref.WeakKeyDictionary()


def hear(here: Here) -> None:
    """Have what is published in this process taken by its hub at once, rather than by way of the layer."""
    _here[asyncio.get_running_loop()] = here


async def publish(publications: Iterable[Publication]) -> bool:
    """Hand `publications` to the hub of this process, and send them to the others; False when the wire failed.

    What is durable is in the store before this is called, so a sick wire loses nothing: hubs compare
    numbers with the store. A failed send may have arrived all the same.
    """
    items = list(publications)
    here = _here.get(asyncio.get_running_loop())
    if here is not None:
        # Not in the caller's context: with `async_to_sync` that has an executor which ends before what we start does.
        asyncio.get_running_loop().call_soon(here.take, items, context=here.context)
        if layer_is_embedded():
            return True  # there are no others
    sender = here.name if here else ""
    sent = True
    for start in range(0, len(items), CHUNK):
        packed = [_pack(item) for item in items[start : start + CHUNK]]
        sent = await send({"type": "hub.publications", "sender": sender, "items": packed}) and sent
    return sent


def _pack(item: Publication) -> list[Any]:
    return [item.topic, str(item.delivery), item.number, item.key, item.text]


async def send(message: dict[str, Any]) -> bool:
    """Send `message` to all hubs; False when the layer failed, which is logged."""
    try:
        await get_channel_layer().group_send(GROUP, message)
    except Exception as error:  # whatever a layer raises: Redis, sockets, time-outs
        log.warning("The channel layer failed: %s: %s", type(error).__name__, error)
        return False
    return True


def publish_on_commit(publications: Iterable[Publication]) -> None:
    """Publish once the transaction under way is committed; for synchronous code."""
    items = list(publications)
    if items:
        transaction.on_commit(lambda: async_to_sync(publish)(items), robust=True)
