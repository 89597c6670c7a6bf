"""Roulette: seats, the search for a partner, the end of a talk. Atomic over processes.

A talk is a room of a special kind with two members. Both seats are claimed together, locked in the order of their ids;
anything but two rows means that somebody was faster. Events to sockets are only hints: each socket also reads its seat
every second while it waits, and now and then while it talks. `roulette.seats` has the states and moves.
"""

import asyncio
import random
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now

from chat.models import Membership, Room, RoomKind
from realtime import process
from realtime.delivery.publish import Delivery, Publication, publish, publish_on_commit
from realtime.storage import clock
from realtime.storage.database import in_database
from realtime.wire.protocol import CommandError, encode
from roulette.models import Block, Report, Seat
from roulette.seats import ENDED, LOST, MOVES, TALKING, WAITING, Move, SeatView, partner_hears

#: Seconds that a seat is kept without its socket, for a reload or a deploy.
SEAT_GRACE: Final = 8.0
#: Seconds before somebody may meet their previous partner again; only if nobody else waits.
NOT_AGAIN: Final = 10.0
#: Seconds after a talk in which it can be reported and its partner is remembered.
FORGET_AFTER: Final = 3600.0


@in_database
def take_seat(user_id: int, socket: str, tags: list[str], *, from_another: bool = False) -> str | None:
    """Give `user_id` a seat that belongs to `socket`: the old one with its talk, while that is kept.

    If another socket holds the seat and may still be open, change nothing and return that socket; `from_another` says
    that it is closed.
    """
    holder = {"process": process.PROCESS_ID, "socket": socket, "tags": tags, "gone_at": None}
    new = _fields(ENDED, Move.ENTER) | holder
    with transaction.atomic():
        seat, created = Seat.objects.select_for_update().get_or_create(user_id=user_id, defaults=new)
        if created:
            return None
        held = seat.state != ENDED
        if held and not from_another and seat.gone_at is None and seat.socket != socket and _is_alive(seat.process):
            return seat.socket
        _move(seat, Move.ENTER, **holder)
        return None


def _fields(state: str, move: Move) -> dict[str, Any]:
    """Return the fields of a seat in `state` after `move`, except for the talk and the seat's holder."""
    after = MOVES[state, move]
    fields: dict[str, Any] = {"state": after}
    if after == WAITING and state != WAITING:
        fields |= {"room": None, "reason": "", "entered_at": clock.now(), "gone_at": None}
    elif move == Move.LEAVE:  # it remembers the partner for a while
        fields |= {"room": None, "reason": "", "socket": "", "gone_at": clock.now()}
    elif move == Move.EXPIRE:
        fields |= {"reason": "expired", "gone_at": clock.now()}
    return fields


def _move(seat: Seat, move: Move, **more: Any) -> None:
    """Apply `move` to a locked seat."""
    Seat.objects.filter(pk=seat.pk).update(**_fields(seat.state, move) | more)


def _is_alive(process_id: str) -> bool:
    return process_id == process.PROCESS_ID or process.alive().filter(pk=process_id).exists()


@in_database
def look(user_id: int, socket: str) -> SeatView:
    """Return the state of this socket's seat; when it waits, search for a partner first."""
    while (seat := _seat(user_id, socket)) is not None and seat.state == WAITING and seat.gone_at is None:
        if not _search(seat) and (view := _view_in_queue(seat)) is not None:
            return view
        # Paired by this search, or by somebody else's meanwhile.
    if seat is None or seat.state == WAITING:
        taken = Seat.objects.filter(user=user_id).exists()
        return SeatView(LOST, reason="elsewhere" if taken else "expired")
    if seat.room is None:
        return SeatView(seat.state, reason=seat.reason)
    partner = Membership.objects.filter(room=seat.room).exclude(user=user_id).select_related("user").first()
    if partner is None:  # the account was deleted
        _with_talk(Seat.objects.filter(pk=seat.pk), _end_alone)
        return SeatView(ENDED, seat.room.pk, seat.room.slug, None, "partner_left")
    return SeatView(seat.state, seat.room.pk, seat.room.slug, partner.user.on_wire(), seat.reason)


def _end_alone(seat: Seat, talking: list[Seat]) -> None:
    _end(seat, talking, "partner_left")
    if seat.state == TALKING:
        _move(seat, Move.PARTED, reason="partner_left")


def _view_in_queue(seat: Seat) -> SeatView | None:
    """Return how many wait, and how many of them are ahead of `seat`; None when `seat` no longer waits."""
    earlier = Q(entered_at__lt=seat.entered_at) | Q(entered_at=seat.entered_at, pk__lt=seat.pk)
    found = Seat.objects.filter(state=WAITING, gone_at=None).aggregate(
        waiting=Count("pk"), before=Count("pk", filter=earlier), own=Count("pk", filter=Q(pk=seat.pk))
    )
    return SeatView(seat.state, position=found["before"] + 1, waiting=found["waiting"]) if found["own"] else None


def _seat(user_id: int, socket: str) -> Seat | None:
    return Seat.objects.select_related("room").filter(user=user_id, socket=socket).first()


def _search(seat: Seat) -> bool:
    """Try once to pair `seat`; return whether it is paired now."""
    candidates = _candidates(seat)
    fresh = [other for other in candidates if seat.user_id != other.previous_id and seat.previous_id != other.user_id]
    if not fresh:
        since = clock.now() - timedelta(seconds=NOT_AGAIN)
        fresh = [other for other in candidates if not any(_parted_after(each, since) for each in (seat, other))]
    kindred = [other for other in fresh if set(other.tags) & set(seat.tags)]
    chosen = random.choice(kindred or fresh) if fresh else None  # noqa: S311 - chance, not secrecy
    return chosen is not None and _claim(seat, chosen)


def _candidates(seat: Seat) -> list[Seat]:
    blocked = _blocks_of(seat).values_list("blocker", "blocked")
    shunned = {user for pair in blocked for user in pair} | {seat.user_id}
    waiting = Seat.objects.filter(state=WAITING, gone_at=None).exclude(user__in=shunned)
    alive = waiting.filter(Q(process=process.PROCESS_ID) | Q(process__in=process.alive().values("pk")))
    return list(alive.order_by("entered_at")[:200])


def _blocks_of(seat: Seat) -> QuerySet[Block]:
    return Block.objects.filter(Q(blocker=seat.user_id) | Q(blocked=seat.user_id))


def _parted_after(seat: Seat, moment: Any) -> bool:
    return seat.parted_at is not None and seat.parted_at > moment


def _claim(seat: Seat, other: Seat) -> bool:
    """Pair both seats in a new room, unless somebody was faster."""
    with transaction.atomic():
        both = Seat.objects.select_for_update().filter(pk__in=[seat.pk, other.pk]).order_by("pk")
        seats = list(both.filter(state=WAITING, gone_at=None))
        if len(seats) != 2 or _blocks_of(seat).filter(Q(blocker=other.user_id) | Q(blocked=other.user_id)).exists():
            return False
        room = Room.objects.create(slug=f"r-{secrets.token_hex(8)}", name="Roulette", kind=RoomKind.ROULETTE)
        Membership.objects.bulk_create([Membership(room=room, user_id=each.user_id) for each in seats])
        for each in seats:
            _move(each, Move.PAIR, room=room)
        _hint(seats)
    return True


@in_database
def part(user_id: int, socket: str, reason: str, *, stay: bool) -> bool:
    """End this socket's talk, if it has one. With `stay` the seat waits again, otherwise it is freed.

    Returns False, and does nothing, when it has no seat.
    """

    def act(seat: Seat, talking: list[Seat]) -> None:
        _end(seat, talking, reason)
        _move(seat, Move.NEXT if stay else Move.LEAVE)

    return _with_talk(Seat.objects.filter(user=user_id, socket=socket), act)


def _with_talk(which: QuerySet[Seat], act: Callable[[Seat, list[Seat]], None]) -> bool:
    """Call `act` with the seat found by `which` and all seats of its talk, locked in the order of their ids.

    Claiming locks in the same order, so that nobody is paired with a seat that is being left. Returns False when there
    is no such seat.
    """
    while (seat := which.first()) is not None:
        with transaction.atomic():
            talk = Q(room=seat.room_id, state=TALKING) if seat.room_id else Q(pk=seat.pk)
            locked = list(Seat.objects.select_for_update().filter(Q(pk=seat.pk) | talk).order_by("pk"))
            own = next((each for each in locked if each.pk == seat.pk), None)
            if own is not None and (own.room_id, own.socket) == (seat.room_id, seat.socket):
                act(own, [each for each in locked if each.state == TALKING])
                return True
        # It was paired, left or taken over before we had the locks: try again.
    return False


@in_database
def block_partner(user_id: int, socket: str) -> None:
    """Block the partner, so that the two are never paired again, and leave. Raises CommandError without a partner."""
    _judge(user_id, socket, "blocked", lambda room, partner: None)


@in_database
def report_partner(user_id: int, socket: str, reason: str) -> None:
    """File a report about the partner, with the room's log as transcript, and block them. Raises CommandError."""

    def report(room: int, partner: int) -> None:
        Report.objects.create(reporter_id=user_id, reported_id=partner, room_id=room, reason=reason)

    _judge(user_id, socket, "reported", report)


def _judge(user_id: int, socket: str, reason: str, note: Callable[[int, int], None]) -> None:
    """Block the partner and leave in one transaction, so that no blocked pair talks.

    `note` gets the room and the partner.
    """

    def act(seat: Seat, talking: list[Seat]) -> None:
        partner = Membership.objects.filter(room=seat.room_id).exclude(user=user_id).first() if seat.room_id else None
        if partner is None:
            raise CommandError("conflict", "You have no partner now.")
        note(partner.room_id, partner.user_id)
        Block.objects.get_or_create(blocker_id=user_id, blocked_id=partner.user_id)
        _end(seat, talking, reason)
        _move(seat, Move.LEAVE)

    if not _with_talk(Seat.objects.filter(user=user_id, socket=socket), act):
        raise CommandError("conflict", "You have no partner now.")


def _end(seat: Seat, talking: list[Seat], reason: str) -> None:
    """End the talk of `seat`, if any, and move its partner. Both seats are locked; the caller moves `seat`."""
    if seat.state != TALKING or seat.room_id is None:
        return
    now = clock.now()
    Room.objects.filter(pk=seat.room_id).update(archived_at=now)
    others = [each for each in talking if each.pk != seat.pk]
    for each in others:
        _move(each, Move.PARTED, reason=partner_hears(reason), previous=seat.user_id, parted_at=now)
    partner = others[0].user_id if others else None
    Seat.objects.filter(pk=seat.pk).update(previous=partner, parted_at=now)
    _hint(others)


def _hint(seats: Any) -> None:
    """Tell the sockets of `seats` to read them again."""
    payload = encode({"do": "roulette.look"})
    publish_on_commit([Publication(f"user.{seat.user_id}", Delivery.CONTROL, payload) for seat in seats])


@in_database
def socket_gone(user_id: int, socket: str) -> None:
    """The socket closed: its seat is kept for a while."""
    Seat.objects.filter(user=user_id, socket=socket, gone_at=None).update(gone_at=Now())


async def probe(user_id: int, socket: str, nonce: str) -> None:
    """Ask the socket that holds the seat, in any process, whether it is still open."""
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
    """End the talks and free the seats of people who did not come back."""

    def act(seat: Seat, talking: list[Seat]) -> None:
        if seat.state != ENDED and _abandoned().filter(pk=seat.pk).exists():  # its person did not come back in time
            _end(seat, talking, "expired")
            _move(seat, Move.EXPIRE)

    for pk in list(_abandoned().exclude(state=ENDED).values_list("pk", flat=True)):
        _with_talk(Seat.objects.filter(pk=pk), act)
    then = clock.now() - timedelta(seconds=FORGET_AFTER)
    forgotten = Seat.objects.filter(Q(gone_at__lt=then) | Q(parted_at__lt=then), state=ENDED)
    if forgotten.exists():
        forgotten.delete()


async def keep_sweeping() -> None:
    while True:
        await asyncio.sleep(1)
        await in_database(sweep)()
