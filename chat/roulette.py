"""The roulette commands of a chat socket."""

import asyncio
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
    _watch: "asyncio.Task[None] | None" = None
    _told: Place | None = None
    _probes: "dict[str, asyncio.Event]"

    async def on_roulette_enter(self, command: Enter) -> dict[str, Any]:
        if self._is_watching():
            if self._told is not None and self._told.state == SeatState.ENDED:
                return await self._wait_again()
            raise CommandError("conflict", "You are in roulette already.")
        holder = await pairing.take_seat(self.user.pk, self.id, command.tags)
        if holder is not None:
            if await self._is_there(holder[1]):
                raise CommandError("conflict", "You are in roulette in another tab or on another device.")
            await pairing.take_seat(self.user.pk, self.id, command.tags, from_another=True)
        self._start_watch()
        return {"type": "ok"}

    async def on_roulette_next(self, command: Next) -> dict[str, Any]:
        return await self._wait_again() if self._is_watching() else await self.on_roulette_enter(Enter())

    async def _wait_again(self) -> dict[str, Any]:
        room = await pairing.part(self.user.pk, self.id, "next", stay=True)
        await self._told_end(room, "next")
        self._wake.set()
        return {"type": "ok"}

    async def on_roulette_leave(self, command: LeaveRoulette) -> dict[str, Any]:
        await self._leave_roulette("partner_left")
        return {"type": "ok"}

    async def on_roulette_block(self, command: BlockPartner) -> dict[str, Any]:
        await pairing.block_partner(self.user.pk, self.id)
        await self._leave_roulette("blocked", tell=True)
        return {"type": "ok"}

    async def on_roulette_report(self, command: ReportPartner) -> dict[str, Any]:
        await pairing.report_partner(self.user.pk, self.id, command.reason)
        await self._leave_roulette("reported", tell=True)
        return {"type": "ok"}

    async def roulette_closed(self) -> None:
        """The socket is closing: the seat keeps for a while."""
        if self._watch is not None:
            self._watch.cancel()
            await pairing.socket_gone(self.user.pk, self.id)

    async def roulette_control(self, payload: dict[str, Any]) -> None:
        match payload["do"]:
            case "roulette.look":
                self._look()
            case "roulette.probe" if payload["socket"] == self.id:
                await pairing.answer_probe(self.user.pk, payload["nonce"])
            case "roulette.held" if payload["nonce"] in self._open_probes():
                self._open_probes()[payload["nonce"]].set()

    # The watch over the seat

    def _start_watch(self) -> None:
        self._wake = asyncio.Event()
        self._told = None
        self._watch = asyncio.create_task(self._watch_seat())

    def _is_watching(self) -> bool:
        return self._watch is not None and not self._watch.done()

    def _look(self) -> None:
        if self._is_watching():
            self._wake.set()

    async def _watch_seat(self) -> None:
        while True:
            self._wake.clear()
            place: Place | None = None
            try:
                place = await pairing.look(self.user.pk, self.id)
                if place is None or not await self._tell(place):
                    return
            except Exception:
                log.exception("Could not look at a seat")
            every = LOOK_TALKING if place and place.state == SeatState.TALKING else LOOK_WAITING
            try:
                await asyncio.wait_for(self._wake.wait(), every)
            except TimeoutError:
                continue

    async def _tell(self, place: Place) -> bool:
        """Tell the client what is new of its seat; return whether to go on watching."""
        if place == self._told:
            return True
        before, self._told = self._told, place
        if place.state == SeatState.WAITING:
            self.connection.send({"type": "roulette.waiting", "position": place.position, "waiting": place.waiting})
        elif place.state == SeatState.TALKING and (before is None or before.room != place.room):
            await self._join_talk(place)
        elif place.state == SeatState.ENDED:
            await pairing.end_seen(self.user.pk, self.id)
            await self._told_end(place.room, place.reason)
        return True

    async def _join_talk(self, place: Place) -> None:
        """Join the talk's room and tell; what the partner was quick to say follows."""
        assert place.room_id is not None
        room = Seen(place.room_id, place.room, RoomKind.ROULETTE)
        await self.hub.subscribe(store.room_topic(room.pk), self.connection)
        entered = await services.enter(self.user, room, 0, 200)
        if room.slug not in self.joined:
            self.joined[room.slug] = room
            presence.current_presence().arrive(room.pk, self.user.pk)
        self.connection.send({"type": "roulette.paired", "room": place.room, "partner": place.partner})
        for event in entered.page.messages:
            self.connection.send(event)
        await self.hub.release(store.room_topic(room.pk), self.connection, entered.page.reached)

    async def _told_end(self, slug: str | None, reason: str) -> None:
        room = self.joined.pop(slug, None) if slug else None
        if room is not None:
            presence.current_presence().depart(room.pk, self.user.pk, at_once=True)
            await self.hub.unsubscribe(store.room_topic(room.pk), self.connection)
            await self.hub.unsubscribe(presence.presence_topic(room.pk), self.connection)
            self.connection.send({"type": "roulette.ended", "room": slug, "reason": reason})

    async def _leave_roulette(self, reason: str, *, tell: bool = False) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        slug = await pairing.part(self.user.pk, self.id, reason, stay=False)
        if tell:
            await self._told_end(slug, reason)
        elif slug and (room := self.joined.pop(slug, None)):
            presence.current_presence().depart(room.pk, self.user.pk, at_once=True)
            await self.hub.unsubscribe(store.room_topic(room.pk), self.connection)
            await self.hub.unsubscribe(presence.presence_topic(room.pk), self.connection)

    # Is the other socket that holds my seat still there?

    def _open_probes(self) -> "dict[str, asyncio.Event]":
        if not hasattr(self, "_probes"):
            self._probes = {}
        return self._probes

    async def _is_there(self, socket: str) -> bool:
        nonce = uuid.uuid4().hex
        held = self._open_probes()[nonce] = asyncio.Event()
        try:
            await pairing.probe(self.user.pk, socket, nonce)
            await asyncio.wait_for(held.wait(), PROBE_PATIENCE)
        except TimeoutError:
            return False
        finally:
            del self._open_probes()[nonce]
        return True
