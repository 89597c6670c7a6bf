"""Who is in which room, over all processes.

A process keeps its own counts in memory and writes changes in batches, into rows of its own. These rows count while the
process's lease is valid. Arrivals are published at once, or a few times a second while many come. Departures wait for
a grace time that hides a reload. A room's presence is a log: each event says who came and went since the last.
"""

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import Collection
from itertools import groupby, islice
from typing import Any, Final

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet

from accounts.models import User, person_on_wire
from chat.models import Presence, Room
from realtime import process
from realtime.delivery.publish import Delivery, Publication, publish
from realtime.per_loop import per_loop
from realtime.storage import bulk
from realtime.storage.database import in_database, log_failure
from realtime.wire.protocol import encode

log = logging.getLogger(__name__)

#: Seconds from the last connection's end to the departure.
GRACE: Final = 8.0
#: Seconds between two writes while people keep coming and going; how many visits one write takes.
CALM: Final = 0.25
MOST: Final = 500
#: Seconds between two searches for rows of dead processes.
SWEEP_EVERY: Final = 5.0

Visit = tuple[int, int]  # room id, user id


def presence_topic(room_id: int) -> str:
    return f"presence.{room_id}"


def presence_event(slug: str, joined: list[dict[str, Any]], left: list[int], count: int) -> dict[str, Any]:
    return {"type": "presence", "room": slug, "joined": joined, "left": left, "count": count}


def alive_rows() -> QuerySet[Presence]:
    """Return the presence rows that count: ours, and those of processes with a valid lease."""
    return Presence.objects.filter(Q(process=process.PROCESS_ID) | Q(process__in=process.alive().values("pk")))


@in_database
def online(room_ids: Collection[int]) -> dict[int, tuple[int, list[dict[str, Any]]]]:
    """Return each room's newest `presence_rev` and its users, as on the wire, sorted by name.

    The number is read first, so a change in between is published again, which does no harm.
    """
    numbers = dict(bulk.find(Room, ("id",), [(room,) for room in room_ids], ("id", "presence_rev")))
    alive = {process.PROCESS_ID, *process.alive().values_list("pk", flat=True)}
    rows = bulk.find(Presence, ("room",), [(room,) for room in numbers], ("process", "room", "user"))
    visits = {(room, user) for owner, room, user in rows if owner in alive}
    users = bulk.find(User, ("id",), {(user,) for _, user in visits}, ("id", "name", "kind"))
    people = {pk: person_on_wire(pk, name, kind) for pk, name, kind in users}
    found: dict[int, tuple[int, list[dict[str, Any]]]] = {room: (number, []) for room, number in numbers.items()}
    there = [(people[user]["name"], user, room) for room, user in visits if user in people]
    for _, user, room in sorted(there):
        found[room][1].append(people[user])
    return found


class PresenceKeeper:
    """This process's part of presence: counts in memory, rows in the database.

    Invariant: a visit in neither `leaving` nor `_dirty` has a row with its count, or no row and no count.
    """

    def __init__(self) -> None:
        self._counts: Counter[Visit] = Counter()
        self.leaving: dict[Visit, float] = {}  # monotonic time of departure
        self._dirty: set[Visit] = set()
        self._changed = asyncio.Event()
        self._writing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def arrive(self, room_id: int, user_id: int) -> None:
        visit = room_id, user_id
        self._counts[visit] += 1
        self.leaving.pop(visit, None)
        self._touch(visit)

    def depart(self, room_id: int, user_id: int, *, at_once: bool = False) -> None:
        visit = room_id, user_id
        self._counts[visit] -= 1
        if self._counts[visit] > 0:
            self._touch(visit)
            return
        del self._counts[visit]
        self.leaving[visit] = time.monotonic() + (0 if at_once else GRACE)
        self._wake()

    async def rewrite(self) -> None:
        """Write all rows again, after other processes had counted this one as dead."""
        self._dirty.update(self._counts)
        self._wake()

    async def flush(self) -> None:
        """Write the changes that are due, and publish them."""
        async with self._writing:
            await self._write()

    async def close(self) -> None:
        """Stop writing."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _touch(self, visit: Visit) -> None:
        self._dirty.add(visit)
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while self._dirty or self.leaving:
            try:
                await self.flush()
            except Exception as error:
                log_failure(log, error, "Writing presence (again in a second)")
                await asyncio.sleep(1)
            await asyncio.sleep(CALM)
            due = min(self.leaving.values(), default=time.monotonic())
            self._changed.clear()
            if not self._dirty and self.leaving:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), max(0.05, due - time.monotonic()))

    async def _write(self) -> None:
        now = time.monotonic()
        for visit in [visit for visit, at in self.leaving.items() if at <= now]:
            del self.leaving[visit]
            self._dirty.add(visit)
        self._dirty -= self.leaving.keys()
        wanted = {visit: self._counts.get(visit, 0) for visit in islice(self._dirty, MOST)}
        self._dirty -= wanted.keys()
        if wanted:
            try:
                publications = await in_database(save)(wanted)
            except Exception:
                self._dirty.update(wanted)
                raise
            await publish(publications)


def save(wanted: dict[Visit, int]) -> list[Publication]:
    """Set this process's rows to `wanted`; return publications of who arrived and left, over all processes."""
    with transaction.atomic():
        rooms = _lock_rooms({room for room, _ in wanted})
        touched = {user for _, user in wanted}
        before = _online(rooms, touched)
        mine = Presence.objects.filter(process=process.PROCESS_ID)
        gone: dict[int, list[int]] = {}
        for (room, user), count in wanted.items():
            if not count:
                gone.setdefault(room, []).append(user)
        for room, users in gone.items():
            mine.filter(room=room, user__in=users).delete()
        Presence.objects.bulk_create(
            [
                Presence(process=process.PROCESS_ID, room_id=room, user_id=user, connections=count)
                for (room, user), count in wanted.items()
                if count and room in rooms
            ],
            update_conflicts=True,
            unique_fields=["process", "room", "user"],
            update_fields=["connections"],
        )
        return _announce_difference(rooms, touched, before)


def _lock_rooms(ids: set[int]) -> dict[int, Room]:
    return {room.pk: room for room in Room.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")}


def _online(rooms: Collection[int], users: Collection[int]) -> set[Visit]:
    """Return which of `users` are in which of `rooms`."""
    rows = alive_rows().filter(room__in=rooms, user__in=users)
    return set(rows.values_list("room_id", "user_id").distinct())


def _announce_difference(rooms: dict[int, Room], user_ids: set[int], before: set[Visit]) -> list[Publication]:
    """Number the changes of these users; return one publication per room."""
    after = _online(rooms, user_ids)
    changed = sorted(before ^ after)
    users = bulk.instances(User, {user for _, user in changed})
    in_rooms = alive_rows().filter(room__in={room for room, _ in changed}).order_by()
    counts = dict(in_rooms.values_list("room").annotate(Count("user", distinct=True)))
    Room.objects.filter(pk__in={room for room, _ in changed}).update(presence_rev=F("presence_rev") + 1)
    publications = []
    for room_id, visits in groupby(changed, key=lambda visit: visit[0]):
        room = rooms[room_id]
        joined: list[dict[str, Any]] = []
        left: list[int] = []
        for visit in visits:
            if visit in after:
                joined.append(users[visit[1]].on_wire())
            else:
                left.append(visit[1])
        event = presence_event(room.slug, joined, left, counts.get(room_id, 0))
        publications.append(Publication(presence_topic(room_id), Delivery.LOG, encode(event), room.presence_rev + 1))
    return publications


def sweep() -> list[Publication]:
    """Delete the rows of dead processes; return the departures."""
    dead = Presence.objects.exclude(pk__in=alive_rows().values("pk"))
    if not dead.exists():
        return []
    with transaction.atomic():
        rooms = _lock_rooms(set(dead.values_list("room_id", flat=True)))
        rows = list(Presence.objects.filter(room__in=rooms).exclude(pk__in=alive_rows().values("pk")))
        users = {row.user_id for row in rows}
        before = _online(rooms, users) | {(row.room_id, row.user_id) for row in rows}
        Presence.objects.filter(pk__in=[row.pk for row in rows]).delete()
        return _announce_difference(rooms, users, before)


async def keep_sweeping() -> None:
    """Remove the rows of dead processes, forever.

    Every process searches; the first to find some publishes who has left.
    """
    while True:
        await asyncio.sleep(SWEEP_EVERY)
        if process.may_bury():
            await publish(await in_database(sweep)())


#: Returns the presence keeper of the running event loop, so of this process.
current_presence: Final = per_loop(PresenceKeeper)


async def rewrite() -> None:
    await current_presence().rewrite()
