"""`/ws/chat/`: rooms, and roulette beside them, on one socket. No ORM here."""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, ClassVar, Final

from chat import entering
from chat.consumers import ChatConsumer
from chat.models import RoomKind
from chat.rooms.access import Seen
from chat.topics import room_topic
from realtime.storage.database import log_failure
from realtime.wire.protocol import Command, CommandError
from roulette import commands as wire
from roulette import pairing, seats
from roulette.seats import TALKING, Ended, News, Paired, SeatView, Waiting

log = logging.getLogger(__name__)

#: Seconds between two reads of one's seat: while waiting, while talking.
LOOK_WAITING: Final = 1.0
LOOK_TALKING: Final = 5.0
#: Seconds that another socket gets to answer that it still holds the seat.
PROBE_PATIENCE: Final = 1.0


class RouletteConsumer(ChatConsumer):
    """The commands enter, next, leave, block and report.

    While the client is in roulette, a watch task reads its seat and sends what is new. Code that changes the seat, or
    sends news of it, holds the lock `_seat`; so does code that checks whether there is a watch.
    """

    commands: ClassVar[Any] = ChatConsumer.commands | wire.Commands

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._seat = asyncio.Lock()
        self._watch: asyncio.Task[None] | None = None  # None: not in roulette
        # wakes the watch; made with it, since an event takes half a KiB
        self._wake: asyncio.Event | None = None
        self._told: SeatView | None = None  # what the client was last told, since it entered or pressed next
        self._talk: Seen | None = None  # the talk's room, which we have joined
        self._tags: list[str] = []
        self._probes: dict[str, asyncio.Event] = {}

    async def on_roulette_enter(self, command: wire.Enter) -> None:
        if self.user.is_bot:
            raise CommandError("forbidden", "Roulette is for people.")
        await self._whole(command, self._enter_queue(command.tags))

    async def on_roulette_next(self, command: wire.Next) -> None:
        if self.user.is_bot:
            raise CommandError("forbidden", "Roulette is for people.")
        await self._whole(command, self._go_on())

    async def on_roulette_leave(self, command: wire.LeaveRoulette) -> None:
        leave = partial(pairing.part, self.user.pk, self.id, "partner_left", stay=False)
        await self._whole(command, self._leave_seat(leave, None))

    async def on_roulette_block(self, command: wire.BlockPartner) -> None:
        await self._whole(command, self._leave_seat(partial(pairing.block_partner, self.user.pk, self.id), "blocked"))

    async def on_roulette_report(self, command: wire.ReportPartner) -> None:
        report = partial(pairing.report_partner, self.user.pk, self.id, command.reason)
        await self._whole(command, self._leave_seat(report, "reported"))

    async def _whole(self, command: Command, work: Coroutine[Any, Any, None]) -> None:
        """Finish `work` even if the socket ends: what a thread does to the seat cannot be cancelled."""
        await asyncio.shield(asyncio.ensure_future(work))
        self.answer(command, {"type": "ok"})

    async def _enter_queue(self, tags: list[str]) -> None:
        async with self._seat:
            if self._watch is not None:
                raise CommandError("conflict", "You are in roulette already.")
            self._tags = tags
            await self._sit_down()

    async def _go_on(self) -> None:
        async with self._seat:
            seated = self._watch is not None and await pairing.part(self.user.pk, self.id, "next", stay=True)
            await self._tell_end("next" if seated else "elsewhere")
            if seated:
                self._look_now()
            else:
                self._rise()
                await self._sit_down()

    async def _leave_seat(self, leave: Callable[[], Awaitable[Any]], told: str | None) -> None:
        async with self._seat:
            shown = self._told is not None and self._told.state == TALKING
            # perhaps paired, but the client has not been told
            if told is not None and self._watch is not None and not shown:
                raise CommandError("conflict", "You have no partner now.")
            await leave()
            self._rise()
            await self._tell_end(told)

    async def _sit_down(self) -> None:
        """Take a seat and watch it. When the database fails meanwhile, the watch finds out whether it was taken."""
        self._told = None
        self._wake = asyncio.Event()
        self._watch = asyncio.create_task(self._watch_seat(self._wake))
        try:
            holder = await pairing.take_seat(self.user.pk, self.id, self._tags)
            if holder is not None:
                if await self._is_there(holder):
                    raise CommandError("conflict", "You are in roulette in another tab or on another device.")
                await pairing.take_seat(self.user.pk, self.id, self._tags, from_another=True)
        except CommandError:
            self._rise()
            raise

    def _rise(self) -> None:
        """Stop watching the seat. The watch does not hold `_seat` now, so nothing is interrupted."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    async def closed(self) -> None:
        await super().closed()
        await self._keep_seat()

    async def _keep_seat(self) -> None:
        """The socket is closing: the seat is kept for a while."""
        if self._watch is None and not self._seat.locked():
            return
        async with self._seat:
            if self._watch is not None:
                self._rise()
                await pairing.socket_gone(self.user.pk, self.id)

    async def control(self, topic: str, payload: dict[str, Any]) -> None:
        match payload["do"]:
            case "roulette.look":
                self._look_now()
            case "roulette.probe" if payload["socket"] == self.id:
                await pairing.answer_probe(self.user.pk, payload["nonce"])
            case "roulette.held" if payload["nonce"] in self._probes:
                self._probes[payload["nonce"]].set()
            case do if not do.startswith("roulette."):
                await super().control(topic, payload)

    # The watch over the seat

    def _look_now(self) -> None:
        if self._wake is not None:
            self._wake.set()

    async def _watch_seat(self, wake: asyncio.Event) -> None:
        while True:
            wake.clear()
            try:
                async with self._seat:
                    view = await pairing.look(self.user.pk, self.id)
                    news = seats.news(self._told, view)
                    for each in news:
                        await self._tell(each)
                    if news and isinstance(news[-1], Ended):
                        self._watch = None
                        return
            except Exception as error:
                log_failure(log, error, "Looking at a seat")
            talking = self._told is not None and self._told.state == TALKING
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), LOOK_TALKING if talking else LOOK_WAITING)

    async def _tell(self, news: News) -> None:
        match news:
            case Ended(None, reason):
                self._told = None
                self.connection.send({"type": "roulette.ended", "room": None, "reason": reason})
            case Ended(_, reason):
                if self._talk is not None:  # the partner's last message may still be on its way
                    await self.hub.check([room_topic(self._talk.pk)])
                await self._tell_end(reason)
            case Waiting(view):
                self._told = view
                waiting = {"type": "roulette.waiting", "position": view.position, "waiting": view.waiting}
                self.connection.send(waiting)
            case Paired(view):
                await self._join_talk(view)
            case _:
                await self._leave_room()
                await pairing.take_seat(self.user.pk, self.id, self._tags)
                self._look_now()

    async def _tell_end(self, reason: str | None) -> None:
        """Leave the talk's room. Tell the client why, if it knew of the talk and `reason` is not None."""
        told, self._told = self._told, None
        await self._leave_room()
        if reason is not None and told is not None and told.state == TALKING:
            self.connection.send({"type": "roulette.ended", "room": told.room, "reason": reason})

    async def _join_talk(self, view: SeatView) -> None:
        """Join the talk's room and tell the client; the partner's first messages follow."""
        assert view.room_id is not None
        self._talk = room = Seen(view.room_id, view.room, RoomKind.ROULETTE)
        log = room_topic(room.pk)
        async with self.joining(log) as talk:
            entered = await entering.enter(self.user, room, 0, 200)
            self.arrive(room)
            self._told = view
            self.connection.send({"type": "roulette.paired", "room": view.room, "partner": view.partner})
            for event in entered.page.messages:
                self.connection.send(event)
            talk.tell({log: entered.page.reached})

    async def _leave_room(self) -> None:
        room, self._talk = self._talk, None
        if room is not None:
            await self.leave(room, at_once=True)

    # Whether the other socket that holds my seat is still open

    async def _is_there(self, socket: str) -> bool:
        nonce = uuid.uuid4().hex
        held = self._probes[nonce] = asyncio.Event()
        try:
            await pairing.probe(self.user.pk, socket, nonce)
            await asyncio.wait_for(held.wait(), PROBE_PATIENCE)
        except TimeoutError:
            return False
        finally:
            del self._probes[nonce]
        return True
