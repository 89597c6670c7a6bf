"""The hub's link to the channel layer: one channel, the groups it is in, and whether anything comes through.

The layer is a hint: it may fail, hang, forget our groups or be silently deaf. The link goes on trying, and says
that it is `sick` meanwhile, so that the hub compares itself with the store more often.
"""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import Any, Final

from channels.layers import get_channel_layer

from realtime.publish import Delivery, Publication, publish

log = logging.getLogger(__name__)

#: Seconds that a subscription waits for the layer.
JOIN_PATIENCE: Final = 1.0
#: Seconds before what failed is tried again.
PAUSE: Final = 1.0
#: Seconds between canaries, and how long one may take.
CANARY_EVERY: Final = 5.0
CANARY_PATIENCE: Final = 2.0
#: Canaries in a row that did not come back, after which we connect to the layer anew.
RENEW_AFTER: Final = 3


class Link:
    """One channel in the layer.

    `wanted` returns the names of the groups that it should be in; `take` gets what is published there.
    """

    def __init__(
        self, wanted: Callable[[], Collection[str]], take: Callable[[str, Iterable[Publication]], None]
    ) -> None:
        self.sick = False
        self._wanted = wanted
        self._take = take
        self._changed = asyncio.Event()
        self._channel = ""
        self._grouped: dict[str, asyncio.Event] = {}
        self._canary = f"canary.{uuid.uuid4().hex}"
        self._canary_back = asyncio.Event()
        self._canaries_lost = 0
        self._receiving: asyncio.Future[None] | None = None
        self._tasks: set[asyncio.Future[None]] = set()

    async def join(self, name: str) -> None:
        """Wait until the layer has us in the group `name`, which is wanted; a second at most."""
        if not self._tasks:
            self._receiving = self._start(self._receive_for_ever)
            self._start(self._regroup_for_ever)
            self._start(self._canary_for_ever)
        grouped = self._grouped.setdefault(name, asyncio.Event())
        if grouped.is_set():
            return
        self._changed.set()
        if not self.sick:  # else waiting would only hold up whoever has many topics
            try:
                await asyncio.wait_for(grouped.wait(), JOIN_PATIENCE)
            except TimeoutError:
                self.sick = True

    def changed(self) -> None:
        """Look again which groups are wanted."""
        self._changed.set()

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

    async def _receive_for_ever(self) -> None:
        layer = get_channel_layer()
        while True:
            try:
                if not self._channel:
                    self._channel = await layer.new_channel("hub")
                    self._changed.set()
                message = await layer.receive(self._channel)
            except Exception as error:
                self._fall_sick(error)
                await asyncio.sleep(PAUSE)
                continue
            try:
                self._read(message)
            except Exception:  # of another version, perhaps; what follows must still come through
                log.exception("Could not read what the channel layer brought")

    def _read(self, message: Mapping[str, Any]) -> None:
        if message.get("type") == "hub.publications":
            name = message["topic"]
            if name == self._canary:
                self._canary_back.set()
            else:
                self._take(name, _unpack(name, message["items"]))

    # Groups

    async def _regroup_for_ever(self) -> None:
        """Keep our groups equal to those wanted, through all failures of the layer."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            if self._channel:
                try:
                    if self._canaries_lost >= RENEW_AFTER:
                        await self._renew()
                    else:
                        await self._regroup()
                except Exception as error:
                    self._fall_sick(error)
                    await asyncio.sleep(PAUSE)
                    self._changed.set()

    async def _regroup(self) -> None:
        layer = get_channel_layer()
        for name in [name for name in (self._canary, *self._wanted()) if not self._is_grouped(name)]:
            await layer.group_add(name, self._channel)
            self._grouped.setdefault(name, asyncio.Event()).set()
        for name in [name for name in self._grouped if name not in self._wanted() and name != self._canary]:
            self._grouped[name].clear()
            await layer.group_discard(name, self._channel)
            if name not in self._wanted():  # or somebody came meanwhile, and waits for this event
                del self._grouped[name]

    def _is_grouped(self, name: str) -> bool:
        return name in self._grouped and self._grouped[name].is_set()

    def _forget_groups(self) -> None:
        for event in self._grouped.values():
            event.clear()
        self._changed.set()

    async def _renew(self) -> None:
        """Connect to the layer anew: it would keep a connection that is half open for ever.

        Only here, where groups are joined too: a group joined meanwhile would be lost unnoticed.
        """
        assert self._receiving
        self._canaries_lost = 0
        self._tasks.discard(self._receiving)
        self._receiving.cancel()
        await asyncio.wait({self._receiving})
        self._channel = ""
        try:
            await get_channel_layer().flush()
        except Exception as error:
            self._fall_sick(error)
        self._forget_groups()
        self._receiving = self._start(self._receive_for_ever)

    # Canaries

    async def _canary_for_ever(self) -> None:
        while True:
            well = await self._hears_itself()
            if self.sick == well:
                log.warning("The channel layer is %s", "well again" if well else "deaf")
            self.sick = not well
            self._canaries_lost = 0 if well else self._canaries_lost + 1
            if not well:  # layers forget groups: in memory after a day, Redis when it is restarted
                self._forget_groups()
            await asyncio.sleep(CANARY_EVERY if well else PAUSE)

    async def _hears_itself(self) -> bool:
        """Publish to ourselves: a connection that is silently deaf shows in no other way."""
        self._canary_back.clear()
        try:
            async with asyncio.timeout(CANARY_PATIENCE):
                await self._grouped.setdefault(self._canary, asyncio.Event()).wait()
                sent = await publish([Publication(self._canary, Delivery.EPHEMERAL, "")])
                await self._canary_back.wait()
        except TimeoutError:
            return False
        return sent


def log_failure(task: asyncio.Future[Any]) -> None:
    """Log why a task of the hub ended, where it should not have."""
    if not task.cancelled() and task.exception():
        log.error("A task of the hub failed: %r", task, exc_info=task.exception())


def _unpack(name: str, items: Iterable[Any]) -> list[Publication]:
    return [Publication(name, Delivery(delivery), text, number, key) for delivery, number, key, text in items]
