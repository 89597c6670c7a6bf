"""All events leave a process here: nothing else calls `group_send`."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from realtime.background import layer_is_embedded
from realtime.per_loop import per_loop

log = logging.getLogger(__name__)

#: The group of all hubs (docs/decisions/0003). Each message carries all that was committed together.
GROUP: Final = "hubs"
#: A message to the layer holds at most this many publications, so that its readers need not wait for all that queue.
CHUNK: Final = 200


class Delivery(StrEnum):
    """How the hub treats a publication (docs/architecture.md, Delivery classes)."""

    LOG = "log"  # every one, in order of its number; gaps are read back from the store
    LATEST = "latest"  # the newest of each key
    EPHEMERAL = "ephemeral"  # no number: lost when it does not arrive at once
    CONTROL = "control"  # for consumers, never for browsers


@dataclass(frozen=True, slots=True)
class Publication:
    """One event on its way.

    `topic`: `<kind>.<id>`; the kind says which source the hub reads it back from.
    `text`: the JSON text that browsers get as it is.
    `number`: LOG: the change's number, without gaps per topic. LATEST: the same, but the parts of one update share it.
    `key`: LATEST only: which part of the topic this replaces; "" replaces all of it.
    """

    topic: str
    delivery: Delivery
    text: str
    number: int = 0
    key: str = ""


@dataclass(frozen=True, slots=True)
class Here:
    """The hub of this process: its name, and the function that takes publications."""

    name: str
    take: Callable[[list[Publication]], None]
    context: Context = field(default_factory=copy_context)


def hear(here: Here) -> None:
    """Pass what this process publishes to its own hub at once, not through the layer."""
    _outgoing().here = here


async def publish(publications: Iterable[Publication]) -> None:
    """Hand `publications` to the hub of this process, at once, and send them to the others.

    Returns when they are sent, or when sending has failed (that is logged). What is durable is in the store before
    this is called, so a failing layer loses nothing.
    """
    items = list(publications)
    outgoing = _outgoing()
    here = outgoing.here
    if here is not None:
        # Not in the caller's context: under `async_to_sync` its executor ends before our task does.
        asyncio.get_running_loop().call_soon(here.take, items, context=here.context)
        if layer_is_embedded():
            return  # there are no other processes
    if items:
        await outgoing.send(items)


class _Outgoing:
    """What is on its way to the layer. All that comes while one message is sent goes into the next."""

    def __init__(self) -> None:
        self.here: Here | None = None
        self._waiting: deque[tuple[list[Publication], asyncio.Future[None]]] = deque()
        self._task: asyncio.Task[None] | None = None

    async def send(self, items: list[Publication]) -> None:
        sent: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((items, sent))
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        await sent

    async def _run(self) -> None:
        sender = self.here.name if self.here else ""
        try:
            while self._waiting:
                chunk: list[list[Any]] = []
                done: list[asyncio.Future[None]] = []
                while self._waiting and len(chunk) < CHUNK:
                    items, sent = self._waiting.popleft()
                    chunk += [[item.topic, str(item.delivery), item.number, item.key, item.text] for item in items]
                    done.append(sent)
                if not await send({"type": "hub.publications", "sender": sender, "items": chunk}):
                    # In front of a dead layer the queue would grow without limit; hubs find what is missing by number.
                    done += [sent for _, sent in self._waiting]
                    self._waiting.clear()
                for sent in done:
                    if not sent.done():
                        sent.set_result(None)
        finally:
            self._task = (
                None  # a reference from here would keep the event loop alive, and the loop is the key of this entry
            )


_outgoing: Final = per_loop(_Outgoing)


async def send(message: dict[str, Any]) -> bool:
    """Send `message` to all hubs; False when the layer failed, which is logged."""
    try:
        await get_channel_layer().group_send(GROUP, message)
    except Exception as error:  # whatever a layer raises: Redis, sockets, time-outs
        log.warning("The channel layer failed: %s: %s", type(error).__name__, error)
        return False
    return True


def publish_on_commit(publications: Iterable[Publication]) -> None:
    """Publish when the present transaction is committed; for synchronous code."""
    items = list(publications)
    if items:
        transaction.on_commit(lambda: async_to_sync(publish)(items), robust=True)
