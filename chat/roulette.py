"""The roulette commands of a chat socket."""

import asyncio
import contextlib
import logging
import uuid
from typing import Any, Final

from chat import pairing, presence, services, store
from chat.access import Seen
from chat.models import RoomKind, SeatState
from chat.pairing import Place
from chat.protocol import BlockPartner, Enter, LeaveRoulette, Next, ReportPartner
from realtime.consumers import SocketConsumer
from realtime.protocol import CommandError

log = logging.getLogger(__name__)

#: Seconds between looks at one's seat while waiting, and while talking.
LOOK_WAITING: Final = 1.0
LOOK_TALKING: Final = 5.0
#: Seconds that another socket has to say that it holds the seat.
PROBE_PATIENCE: Final = 1.0


class RouletteCommands(SocketConsumer):
    """Enter, next, leave, block, report. A task watches the seat and tells its changes, once each."""

    id: str
    joined: dict[str, Seen]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._seat = asyncio.Lock()  # held while the seat is changed, or looked at and told
        self._wake: asyncio.Event | None = None  # of the watch; an event is half a KiB
        self._watch: asyncio.Task[None] | None = None
        self._told: Place | None = None
        self._talk: Seen | None = None  # the room of the talk that the client was told of
        self._tags: list[str] = []
        self._probes: dict[str, asyncio.Event] = {}

    async def on_roulette_enter(self, command: Enter) -> dict[str, Any]:
        if self.user.is_bot:
            raise CommandError("forbidden", "Roulette is for people.")
        async with self._seat:
            if self._is_watching():
                raise CommandError("conflict", "You are in roulette already.")
            self._tags = command.tags
            await self._take_seat()
        return {"type": "ok"}

    async def _take_seat(self) -> None:
        holder = await pairing.take_seat(self.user.pk, self.id, self._tags)
        if holder is not None:
            if await self._is_there(holder):
                raise CommandError("conflict", "You are in roulette in another tab or on another device.")
            await pairing.take_seat(self.user.pk, self.id, self._tags, from_another=True)
        self._told = None
        self._wake = asyncio.Event()
        self._watch = asyncio.create_task(self._watch_seat(self._wake))

    async def on_roulette_next(self, command: Next) -> dict[str, Any]:
        if not self._is_watching():
            return await self.on_roulette_enter(Enter(tags=self._tags))
        async with self._seat:
            await pairing.part(self.user.pk, self.id, "next", stay=True)
            await self._leave_talk("next")
        self._look_now()
        return {"type": "ok"}

    async def on_roulette_leave(self, command: LeaveRoulette) -> dict[str, Any]:
        await self._leave_roulette("partner_left", None)
        return {"type": "ok"}

    async def on_roulette_block(self, command: BlockPartner) -> dict[str, Any]:
        await pairing.block_partner(self.user.pk, self.id)
        await self._leave_roulette("blocked", "blocked")
        return {"type": "ok"}

    async def on_roulette_report(self, command: ReportPartner) -> dict[str, Any]:
        await pairing.report_partner(self.user.pk, self.id, command.reason)
        await self._leave_roulette("reported", "reported")
        return {"type": "ok"}

    async def _leave_roulette(self, reason: str, told: str | None) -> None:
        async with self._seat:
            if self._watch is not None:
                self._watch.cancel()
                self._watch = None
            await pairing.part(self.user.pk, self.id, reason, stay=False)
            await self._leave_talk(told)

    async def roulette_closed(self) -> None:
        """The socket is closing: the seat keeps for a while."""
        if self._watch is not None:
            self._watch.cancel()
            await pairing.socket_gone(self.user.pk, self.id)

    async def roulette_control(self, payload: dict[str, Any]) -> None:
        match payload["do"]:
            case "roulette.look":
                self._look_now()
            case "roulette.probe" if payload["socket"] == self.id:
                await pairing.answer_probe(self.user.pk, payload["nonce"])
            case "roulette.held" if payload["nonce"] in self._probes:
                self._probes[payload["nonce"]].set()

    # The watch over the seat

    def _is_watching(self) -> bool:
        return self._watch is not None and not self._watch.done()

    def _look_now(self) -> None:
        if self._wake is not None:
            self._wake.set()

    async def _watch_seat(self, wake: asyncio.Event) -> None:
        while True:
            wake.clear()
            try:
                async with self._seat:
                    place = await pairing.look(self.user.pk, self.id)
                    if place is None or not await self._tell(place):
                        return
            except Exception:
                log.exception("Could not look at a seat")
            talking = self._told is not None and self._told.state == SeatState.TALKING
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), LOOK_TALKING if talking else LOOK_WAITING)

    async def _tell(self, place: Place) -> bool:
        """Tell the client what is new of its seat; return whether to go on watching."""
        if place.state == SeatState.ENDED:
            return await self._tell_end(place)
        if place.state == SeatState.WAITING:
            if place != self._told:
                waiting = {"type": "roulette.waiting", "position": place.position, "waiting": place.waiting}
                self.connection.send(waiting)
        elif self._told is None or self._told.room != place.room:
            await self._join_talk(place)
        self._told = place
        return True

    async def _tell_end(self, place: Place) -> bool:
        if self._talk is None:  # given up for dead while it waited
            await pairing.take_seat(self.user.pk, self.id, self._tags)
            return True
        # What the partner said last may still be on its way.
        await self.hub.check([store.room_topic(self._talk.pk)])
        await self._leave_talk(place.reason)
        return False

    async def _join_talk(self, place: Place) -> None:
        """Join the talk's room and tell; what the partner was quick to say follows."""
        assert place.room_id is not None
        self._talk = room = Seen(place.room_id, place.room, RoomKind.ROULETTE)
        await self.hub.subscribe(store.room_topic(room.pk), self.connection)
        entered = await services.enter(self.user, room, 0, 200)
        if room.slug not in self.joined:
            self.joined[room.slug] = room
            presence.current_presence().arrive(room.pk, self.user.pk)
        self.connection.send({"type": "roulette.paired", "room": place.room, "partner": place.partner})
        for event in entered.page.messages:
            self.connection.send(event)
        await self.hub.release(store.room_topic(room.pk), self.connection, entered.page.reached)

    async def _leave_talk(self, reason: str | None) -> None:
        """Leave the talk's room, if there is one, and tell why."""
        room, self._talk = self._talk, None
        if room is None:
            return
        if self.joined.pop(room.slug, None):
            presence.current_presence().depart(room.pk, self.user.pk, at_once=True)
        await self.hub.unsubscribe(store.room_topic(room.pk), self.connection)
        await self.hub.unsubscribe(presence.presence_topic(room.pk), self.connection)
        if reason is not None:
            self.connection.send({"type": "roulette.ended", "room": room.slug, "reason": reason})

    # Is the other socket that holds my seat still there?

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
