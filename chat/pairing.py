"""Roulette: seats, the search for a partner, the end of a talk. Atomic over processes.

A talk is a room of its own kind with two members. Both seats are claimed together, locked in the order of
their ids; anything but two rows means that somebody was faster. What sockets hear is a hint: each looks at
its seat every second while it waits, and now and then while it talks.
"""

import asyncio
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from chat.models import Block, Membership, Report, Room, RoomKind, Seat, SeatState
from realtime import process
from realtime.database import in_database
from realtime.protocol import CommandError, encode
from realtime.publish import Delivery, Publication, publish, publish_on_commit

#: Seconds that a seat survives without its socket: a reload, a deploy.
SEAT_GRACE: Final = 8.0
#: Seconds before the previous partner may be met again, and then only if nobody else waits.
NOT_AGAIN: Final = 10.0
#: Seconds for which an ended talk can still be reported, and its partner be remembered.
FORGET_AFTER: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Place:
    """A seat as its socket needs it. `partner` is on the wire's form, of a talk."""

    state: str
    room_id: int | None = None
    room: str = ""
    partner: dict[str, Any] | None = None
    reason: str = ""
    position: int = 0
    waiting: int = 0


@in_database
def take_seat(user_id: int, socket: str, tags: list[str], *, from_another: bool = False) -> str | None:
    """Give `user_id` a seat that belongs to `socket`: the old one with its talk, while that is kept.

    Returns the other socket that holds the seat, if it may still be there, and changes nothing then, unless
    `from_another` says that it is not.
    """
    holder = {"process": process.PROCESS_ID, "socket": socket, "tags": tags, "gone_at": None}
    new = {"state": SeatState.WAITING, "room": None, "reason": "", "entered_at": timezone.now(), **holder}
    with transaction.atomic():
        seat, created = Seat.objects.select_for_update().get_or_create(user_id=user_id, defaults=new)
        if created:
            return None
        held = seat.state != SeatState.ENDED
        if held and not from_another and seat.gone_at is None and seat.socket != socket and _is_alive(seat.process):
            return seat.socket
        Seat.objects.filter(pk=seat.pk).update(**holder if held else new)
        return None


def _is_alive(process_id: str) -> bool:
    return process_id == process.PROCESS_ID or process.alive().filter(pk=process_id).exists()


@in_database
def look(user_id: int, socket: str) -> Place | None:
    """Return how the seat of this socket is, after a search when it waits; None when it is gone."""
    while (seat := _seat(user_id, socket)) is not None and seat.state == SeatState.WAITING and seat.gone_at is None:
        if not _search(seat) and (place := _place_in_queue(seat)) is not None:
            return place
        # Paired by us, or by somebody else meanwhile.
    if seat is None or seat.state == SeatState.WAITING:
        return None
    if seat.room is None:
        return Place(seat.state, reason=seat.reason)
    partner = Membership.objects.filter(room=seat.room).exclude(user=user_id).select_related("user").get().user
    return Place(seat.state, seat.room.pk, seat.room.slug, partner.on_wire(), seat.reason)


def _place_in_queue(seat: Seat) -> Place | None:
    """Return how many wait, and how many of them came before `seat`; None when it waits no longer."""
    earlier = Q(entered_at__lt=seat.entered_at) | Q(entered_at=seat.entered_at, pk__lt=seat.pk)
    found = Seat.objects.filter(state=SeatState.WAITING, gone_at=None).aggregate(
        waiting=Count("pk"), before=Count("pk", filter=earlier), own=Count("pk", filter=Q(pk=seat.pk))
    )
    return Place(seat.state, position=found["before"] + 1, waiting=found["waiting"]) if found["own"] else None


def _seat(user_id: int, socket: str) -> Seat | None:
    return Seat.objects.select_related("room").filter(user=user_id, socket=socket).first()


def _search(seat: Seat) -> bool:
    """Try once to pair `seat`; tell whether it is paired now."""
    candidates = _candidates(seat)
    fresh = [other for other in candidates if seat.user_id != other.previous_id and seat.previous_id != other.user_id]
    if not fresh:
        since = timezone.now() - timedelta(seconds=NOT_AGAIN)
        fresh = [other for other in candidates if not any(_parted_after(each, since) for each in (seat, other))]
    kindred = [other for other in fresh if set(other.tags) & set(seat.tags)]
    chosen = random.choice(kindred or fresh) if fresh else None  # noqa: S311 - chance, not secrecy
    return chosen is not None and _claim(seat, chosen)


def _candidates(seat: Seat) -> list[Seat]:
    blocked = Block.objects.filter(Q(blocker=seat.user_id) | Q(blocked=seat.user_id)).values_list("blocker", "blocked")
    shunned = {user for pair in blocked for user in pair} | {seat.user_id}
    waiting = Seat.objects.filter(state=SeatState.WAITING, gone_at=None).exclude(user__in=shunned)
    alive = waiting.filter(Q(process=process.PROCESS_ID) | Q(process__in=process.alive().values("pk")))
    return list(alive.order_by("entered_at")[:200])


def _parted_after(seat: Seat, moment: Any) -> bool:
    return seat.parted_at is not None and seat.parted_at > moment


def _claim(seat: Seat, other: Seat) -> bool:
    """Take both seats together into a new room, unless somebody was faster."""
    with transaction.atomic():
        both = Seat.objects.select_for_update().filter(pk__in=[seat.pk, other.pk]).order_by("pk")
        seats = list(both.filter(state=SeatState.WAITING, gone_at=None))
        if len(seats) != 2:
            return False
        room = Room.objects.create(slug=f"r-{secrets.token_hex(8)}", name="Roulette", kind=RoomKind.ROULETTE)
        Membership.objects.bulk_create([Membership(room=room, user_id=each.user_id) for each in seats])
        Seat.objects.filter(pk__in=[each.pk for each in seats]).update(state=SeatState.TALKING, room=room)
        _hint(seats)
    return True


@in_database
def part(user_id: int, socket: str, reason: str, *, stay: bool) -> None:
    """End the talk of this socket, if it has one; with `stay` its seat waits again, else it is free."""

    def act(seat: Seat, talking: list[Seat]) -> None:
        _end(seat, talking, reason)
        if not stay:
            _free(seat)
        elif seat.state != SeatState.WAITING:
            waiting = {"state": SeatState.WAITING, "room": None, "reason": "", "entered_at": timezone.now()}
            Seat.objects.filter(pk=seat.pk).update(**waiting, gone_at=None)

    _with_talk(Seat.objects.filter(user=user_id, socket=socket), act)


def _with_talk(which: QuerySet[Seat], act: Callable[[Seat, list[Seat]], None]) -> None:
    """Call `act` with the seat that is `which` and the seats of its talk, locked together in the order of their ids.

    Claiming locks likewise, so that nobody is paired with a seat that is being left.
    """
    while (seat := which.first()) is not None:
        with transaction.atomic():
            talk = Q(room=seat.room_id, state=SeatState.TALKING) if seat.room_id else Q(pk=seat.pk)
            locked = list(Seat.objects.select_for_update().filter(Q(pk=seat.pk) | talk).order_by("pk"))
            own = next((each for each in locked if each.pk == seat.pk), None)
            if own is not None and (own.room_id, own.socket) == (seat.room_id, seat.socket):
                act(own, [each for each in locked if each.state == SeatState.TALKING])
                return
        # It was paired, left or taken over before we had the locks: look again.


def _free(seat: Seat) -> None:
    """Empty a seat; it keeps who the partner was, for a while."""
    Seat.objects.filter(pk=seat.pk).update(
        state=SeatState.ENDED, room=None, reason="", socket="", gone_at=timezone.now()
    )


@in_database
def block_partner(user_id: int, socket: str) -> None:
    """Never pair the two again. Raises CommandError without a partner."""
    partner = _partner_of(user_id, socket)[1]
    Block.objects.get_or_create(blocker_id=user_id, blocked_id=partner)


@in_database
def report_partner(user_id: int, socket: str, reason: str) -> None:
    """File a report about the partner, with the room's log for transcript. Raises CommandError."""
    room, partner = _partner_of(user_id, socket)
    with transaction.atomic():
        Report.objects.create(reporter_id=user_id, reported_id=partner, room=room, reason=reason)
        Block.objects.get_or_create(blocker_id=user_id, blocked_id=partner)


def _partner_of(user_id: int, socket: str) -> tuple[Room, int]:
    seat = _seat(user_id, socket)
    if seat is None or seat.room is None:
        raise CommandError("conflict", "You have no partner now.")
    return seat.room, Membership.objects.filter(room=seat.room).exclude(user=user_id).get().user_id


def _end(seat: Seat, talking: list[Seat], reason: str) -> None:
    """End the talk of `seat` for all who are in it, if it has not ended; both are locked.

    The partner hears of `next` as such; who was blocked or reported is not told so.
    """
    if seat.state != SeatState.TALKING or seat.room_id is None:
        return
    now = timezone.now()
    Room.objects.filter(pk=seat.room_id).update(archived_at=now)
    for each in talking:
        partner = next((other.user_id for other in talking if other.pk != each.pk), None)
        told = reason if each.pk == seat.pk or reason == "next" else "partner_left"
        Seat.objects.filter(pk=each.pk).update(state=SeatState.ENDED, reason=told, previous=partner, parted_at=now)
    _hint(each for each in talking if each.pk != seat.pk)


def _hint(seats: Any) -> None:
    """Have the sockets of `seats` look at them."""
    payload = encode({"do": "roulette.look"})
    publish_on_commit([Publication(f"user.{seat.user_id}", Delivery.CONTROL, payload) for seat in seats])


@in_database
def socket_gone(user_id: int, socket: str) -> None:
    """The socket closed: its seat has a grace."""
    Seat.objects.filter(user=user_id, socket=socket, gone_at=None).update(gone_at=Now())


async def probe(user_id: int, socket: str, nonce: str) -> None:
    """Ask the socket that holds the seat, in whatever process, whether it is still there."""
    payload = encode({"do": "roulette.probe", "socket": socket, "nonce": nonce})
    await publish([Publication(f"user.{user_id}", Delivery.CONTROL, payload)])


async def answer_probe(user_id: int, nonce: str) -> None:
    payload = encode({"do": "roulette.held", "nonce": nonce})
    await publish([Publication(f"user.{user_id}", Delivery.CONTROL, payload)])


def _abandoned() -> QuerySet[Seat]:
    gone = Q(gone_at__lt=Now() - timedelta(seconds=SEAT_GRACE))
    if process.may_bury():
        dead = ~Q(process=process.PROCESS_ID) & ~Q(process__in=process.alive().values("pk"))
        gone |= dead
    return Seat.objects.filter(gone)


def sweep() -> None:
    """End the talks, and free the seats, of those who did not come back."""

    def act(seat: Seat, talking: list[Seat]) -> None:
        if seat.state != SeatState.ENDED and _abandoned().filter(pk=seat.pk).exists():  # nobody came back by now
            _end(seat, talking, "expired")
            Seat.objects.filter(pk=seat.pk).update(state=SeatState.ENDED, reason="expired", gone_at=timezone.now())

    for pk in list(_abandoned().exclude(state=SeatState.ENDED).values_list("pk", flat=True)):
        _with_talk(Seat.objects.filter(pk=pk), act)
    then = timezone.now() - timedelta(seconds=FORGET_AFTER)
    forgotten = Seat.objects.filter(Q(gone_at__lt=then) | Q(parted_at__lt=then), state=SeatState.ENDED)
    if forgotten.exists():
        forgotten.delete()


async def sweep_for_ever() -> None:
    while True:
        await asyncio.sleep(1)
        await in_database(sweep)()
