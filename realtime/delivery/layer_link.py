"""The hub's link to the channel layer: one channel in the one group of all hubs, with a check that it works.

The layer may fail, hang, forget us or silently deliver nothing. The link keeps trying. Meanwhile it is `sick`, so that
the hub compares with the store more often.
"""

import asyncio
import logging
import math
import time
import uuid
from collections.abc import Awaitable, Callable, Container
from typing import Any, Final

from channels.layers import get_channel_layer

from realtime.delivery.publish import GROUP, Delivery, Publication, send
from realtime.storage.database import condition

log = logging.getLogger(__name__)

#: Seconds that a subscription waits for the layer.
JOIN_PATIENCE: Final = 1.0
#: Seconds before the next try after a failure.
PAUSE: Final = 1.0
#: Seconds between canaries, and how long one may take.
CANARY_EVERY: Final = 5.0
CANARY_PATIENCE: Final = 2.0
#: We reconnect to the layer after this many lost canaries in a row.
RENEW_AFTER: Final = 3


class Link:
    """One channel in the layer.

    `wanted`: the topics that somebody here listens to. `take` gets what other processes publish on them; what carries
    our own `name` is skipped.
    """

    def __init__(self, name: str, wanted: Container[str], take: Callable[[list[Publication]], None]) -> None:
        self.sick = False
        #: Monotonic seconds: when another process last said that its database answers.
        self.others_answered_at = -math.inf
        self._name = name
        self._wanted = wanted
        self._take = take
        self.channel = ""
        self._joined = asyncio.Event()
        self._canary = ""
        self._canary_back = asyncio.Event()
        self._receiving: asyncio.Future[None] | None = None
        self._tasks: set[asyncio.Future[None]] = set()

    async def ready(self) -> None:
        """Wait until the layer brings us what is published, at most a second."""
        if not self._tasks:
            self._receiving = self._start(self._receive_forever)
            self._start(self._canary_forever)
        if not self._joined.is_set() and not self.sick:
            try:
                await asyncio.wait_for(self._joined.wait(), JOIN_PATIENCE)
            except TimeoutError:
                self.sick = True

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Callable[[], Awaitable[None]]) -> asyncio.Future[None]:
        task = asyncio.ensure_future(work())
        task.add_done_callback(log_failure)
        self._tasks.add(task)
        return task

    def _fall_sick(self, error: Exception) -> None:
        self.sick = True
        log.warning("The channel layer failed: %s: %s", type(error).__name__, error)

    # What comes in

    async def _receive_forever(self) -> None:
        layer = get_channel_layer()
        while True:
            try:
                if not self.channel:
                    self.channel = await layer.new_channel("hub")
                if not self._joined.is_set():
                    await layer.group_add(GROUP, self.channel)
                    self._joined.set()
                message = await layer.receive(self.channel)
            except Exception as error:
                self._fall_sick(error)
                await asyncio.sleep(PAUSE)
                continue
            try:
                self.read(message)
            except Exception:  # perhaps from another version; what follows must still come through
                log.exception("Could not read what the channel layer brought")

    def read(self, message: dict[str, Any]) -> None:
        if message.get("type") == "hub.publications":
            if message["sender"] != self._name:
                self._take(_unpack(message["items"], self._wanted))
        elif message.get("type") == "hub.canary":
            if message["canary"] == self._canary:
                self._canary_back.set()
            elif (age := message.get("database")) is not None:
                self.others_answered_at = max(self.others_answered_at, time.monotonic() - age)

    async def _join_again(self) -> None:
        """Join the group again: layers forget members (the in-memory one after a day)."""
        try:
            async with asyncio.timeout(CANARY_PATIENCE):
                await get_channel_layer().group_add(GROUP, self.channel)
        except Exception as error:
            self._fall_sick(error)

    async def _renew(self) -> None:
        """Reconnect to the layer, which would keep a half-open connection forever."""
        assert self._receiving
        self._tasks.discard(self._receiving)
        self._receiving.cancel()
        await asyncio.wait({self._receiving})
        self._joined.clear()
        self.channel = ""
        try:
            await get_channel_layer().flush()
        except Exception as error:
            self._fall_sick(error)
        self._receiving = self._start(self._receive_forever)

    # Canaries

    async def _canary_forever(self) -> None:
        lost = 0
        while True:
            well = await self._hears_itself()
            if self.sick == well:
                log.warning("The channel layer is %s", "well again" if well else "deaf")
            self.sick = not well
            lost = 0 if well else lost + 1
            if lost >= RENEW_AFTER:
                lost = 0
                await self._renew()
            elif lost and self._joined.is_set():
                await self._join_again()
            await asyncio.sleep(CANARY_EVERY if well else PAUSE)

    async def _hears_itself(self) -> bool:
        """Send something to ourselves. Nothing else reveals a connection that is silently deaf."""
        self._canary = uuid.uuid4().hex
        self._canary_back.clear()
        try:
            async with asyncio.timeout(CANARY_PATIENCE):
                await self._joined.wait()
                sent = await send({"type": "hub.canary", "canary": self._canary, "database": condition.answered_ago()})
                await self._canary_back.wait()
        except TimeoutError:
            return False
        return sent


def log_failure(task: asyncio.Future[Any]) -> None:
    """Log why a task of the hub ended when it should not have."""
    if not task.cancelled() and task.exception():
        log.error("A task of the hub failed: %r", task, exc_info=task.exception())


def _unpack(items: list[list[Any]], wanted: Container[str]) -> list[Publication]:
    return [
        Publication(topic, Delivery(delivery), text, number, key)
        for topic, delivery, number, key, text in items
        if topic in wanted
    ]
