"""Roulette: seats, the search for a partner, the end of a talk. Atomic over processes.

A talk is a room of its own kind with two members. Both seats are claimed together, locked in the order of
their ids; anything but two rows means that somebody was faster. What sockets hear is a hint: each looks at
its seat every second while it waits, and now and then while it talks.
"""

import asyncio
import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Q, QuerySet
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
def take_seat(user_id: int, socket: str, tags: list[str], *, from_another: bool = False) -> tuple[str, str] | None:
    """Give `user_id` a seat that belongs to `socket`, its old one where there is one.

    Returns `(process, socket)` of the seat's holder when that is another socket which may still be there,
    and changes nothing then, unless `from_another` says that it is not.
    """
    with transaction.atomic():
        seat = Seat.objects.select_for_update().filter(user=user_id).first()
        if seat is None or seat.state == SeatState.ENDED:
            memory = {"previous_id": seat.previous_id, "parted_at": seat.parted_at} if seat else {}
            Seat.objects.update_or_create(
                user_id=user_id,
                defaults={
                    "state": SeatState.WAITING,
                    "room": None,
                    "reason": "",
                    "process": process.PROCESS_ID,
                    "socket": socket,
                    "tags": tags,
                    "entered_at": timezone.now(),
                    "gone_at": None,
                    **memory,
                },
            )
            return None
        if not from_another and seat.gone_at is None and seat.socket != socket and _is_alive(seat.process):
            return seat.process, seat.socket
        Seat.objects.filter(pk=seat.pk).update(process=process.PROCESS_ID, socket=socket, tags=tags, gone_at=None)
        return None


def _is_alive(process_id: str) -> bool:
    return process_id == process.PROCESS_ID or process.alive().filter(pk=process_id).exists()


@in_database
def look(user_id: int, socket: str) -> Place | None:
    """Return how the seat of this socket is, after a search when it waits; None when it is gone."""
    seat = _seat(user_id, socket)
    if seat is not None and seat.state == SeatState.WAITING and _search(seat):
        seat = _seat(user_id, socket)
    if seat is None:
        return None
    if seat.state == SeatState.WAITING:
        queue = Seat.objects.filter(state=SeatState.WAITING, gone_at=None)
        before = queue.filter(Q(entered_at__lt=seat.entered_at) | Q(entered_at=seat.entered_at, pk__lt=seat.pk))
        return Place(seat.state, position=before.count() + 1, waiting=queue.count())
    assert seat.room is not None
    partner = Membership.objects.filter(room=seat.room).exclude(user=user_id).select_related("user").get().user
    return Place(seat.state, seat.room.pk, seat.room.slug, partner.on_wire(), seat.reason)


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
def part(user_id: int, socket: str, reason: str, *, stay: bool) -> str | None:
    """End the talk of this socket; with `stay` its seat waits again. Return the talk's room, or None without one."""
    seat = _seat(user_id, socket)
    if seat is None:
        return None
    with transaction.atomic():
        room = _end(seat, reason)
        own = Seat.objects.filter(pk=seat.pk)
        if not stay:
            own.delete()
        elif room is not None or seat.state == SeatState.ENDED:
            own.update(state=SeatState.WAITING, room=None, reason="", entered_at=timezone.now(), gone_at=None)
    return room.slug if room else None


@in_database
def block_partner(user_id: int, socket: str) -> None:
    """Never pair the two again. Raises CommandError without a partner."""
    partner = _partner_of(user_id, socket)[1]
    Block.objects.get_or_create(blocker_id=user_id, blocked_id=partner)


@in_database
def report_partner(user_id: int, socket: str, reason: str) -> None:
    """File a report about the partner, with the room's log for transcript. Raises CommandError."""
    room, partner = _partner_of(user_id, socket)
    Report.objects.create(reporter_id=user_id, reported_id=partner, room=room, reason=reason)
    Block.objects.get_or_create(blocker_id=user_id, blocked_id=partner)


def _partner_of(user_id: int, socket: str) -> tuple[Room, int]:
    seat = _seat(user_id, socket)
    if seat is None or seat.room is None:
        raise CommandError("conflict", "You have no partner now.")
    return seat.room, Membership.objects.filter(room=seat.room).exclude(user=user_id).get().user_id


def _end(seat: Seat, reason: str) -> Room | None:
    """End the talk that `seat` is in, for its partner too; return its room, or None when it had ended."""
    if seat.room_id is None:
        return None
    seats = list(Seat.objects.select_for_update().filter(room=seat.room_id, state=SeatState.TALKING).order_by("pk"))
    if seat.pk not in [each.pk for each in seats]:
        return None
    room = Room.objects.get(pk=seat.room_id)
    Room.objects.filter(pk=room.pk).update(archived_at=timezone.now())
    for each in seats:
        other = Membership.objects.filter(room=room).exclude(user=each.user_id).get()
        Seat.objects.filter(pk=each.pk).update(
            state=SeatState.ENDED, reason=reason, previous=other.user_id, parted_at=timezone.now()
        )
    _hint(each for each in seats if each.pk != seat.pk)
    return room


def _hint(seats: Any) -> None:
    """Have the sockets of `seats` look at them."""
    payload = encode({"do": "roulette.look"})
    publish_on_commit([Publication(f"user.{seat.user_id}", Delivery.CONTROL, payload) for seat in seats])


@in_database
def end_seen(user_id: int, socket: str) -> None:
    """The end of a talk was told: its seat keeps only who the partner was."""
    Seat.objects.filter(user=user_id, socket=socket, state=SeatState.ENDED).update(gone_at=Now())


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
    seats: Sequence[Seat] = list(_abandoned().exclude(state=SeatState.ENDED))
    for seat in seats:
        with transaction.atomic():
            if _abandoned().filter(pk=seat.pk).exists():  # it may have come back by now
                _end(seat, "partner_left")
                Seat.objects.filter(pk=seat.pk).delete()
    forgotten = Q(state=SeatState.ENDED, gone_at__lt=Now() - timedelta(seconds=6 * NOT_AGAIN))
    Seat.objects.filter(forgotten).delete()


async def sweep_for_ever() -> None:
    while True:
        await asyncio.sleep(1)
        await in_database(sweep)()
