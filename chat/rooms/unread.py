"""Unread counts: messages by others after a person's read mark that are not deleted."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection

from accounts.models import User
from chat.models import PersonInRoom, Room
from realtime.storage import bulk
from realtime.storage.database import condition, in_database
from realtime.storage.gather import gathered

#: The count stops here; a badge then says "99+".
MOST: Final = 100
#: How far back from the newest message to look, so that a purged log is not read through.
WINDOW: Final = 1000


@dataclass(frozen=True, slots=True)
class Unread:
    """The number of unread messages after message `read`, when the room is at `rev` and `seq`."""

    rev: int
    seq: int
    read: int
    unread: int


def counts(rooms_of: Mapping[int, Iterable[int]]) -> dict[int, dict[int, Unread]]:
    """Return by user and room the count of each of these rooms that exists. `rooms_of`: user id: room ids.

    In a room older than the user's account, everything counts as read at first.
    """
    pairs = {(room, user) for user, rooms in rooms_of.items() for room in rooms}
    ids = {(room,) for room, _ in pairs}
    heads = {pk: tuple(rest) for pk, *rest in bulk.find(Room, ("id",), ids, ("id", "rev", "seq", "created_at"))}
    pairs = {pair for pair in pairs if pair[0] in heads}
    marks = {(room, user): seq for room, user, seq in bulk.find(PersonInRoom, ("room", "user"), pairs, _MARK)}
    if missing := pairs - marks.keys():
        people = bulk.find(User, ("id",), {(user,) for _, user in missing}, ("id", "date_joined"))
        came = dict(people)
        new = {(room, user): heads[room][1] for room, user in missing if user in came and heads[room][2] < came[user]}
        if not condition.unwritable:  # else: marked at a later read
            mark_read(new)
        marks |= new
    behind = [
        (room, user, max(marks.get((room, user), 0), heads[room][1] - WINDOW))
        for room, user in pairs
        if marks.get((room, user), 0) < heads[room][1]
    ]
    unread = _said_by_others(behind)
    found: dict[int, dict[int, Unread]] = {user: {} for user in rooms_of}
    for room, user in pairs:
        rev, seq, _ = heads[room]
        found[user][room] = Unread(rev, seq, marks.get((room, user), 0), unread.get((room, user), 0))
    return found


def mark_read(marks: dict[tuple[int, int], int]) -> None:
    """Set the marks `(room id, user id): seq` where there is none yet."""
    rows = [PersonInRoom(room_id=room, user_id=user, seq=seq) for (room, user), seq in marks.items()]
    PersonInRoom.objects.bulk_create(rows, ignore_conflicts=True)


_MARK: Final = ("room", "user", "seq")


def _said_by_others(wanted: Sequence[tuple[int, int, int]]) -> dict[tuple[int, int], int]:
    """Return by `(room id, user id)` how many messages by others follow `seq`, at most MOST."""
    if not wanted:
        return {}
    each = "jsonb_array_elements(%s::jsonb)" if connection.vendor == "postgresql" else "json_each(%s)"
    room, reader, after = (f"CAST(value ->> {place} AS bigint)" for place in range(3))
    sql = f"""
        SELECT w.room, w.reader, (SELECT count(*) FROM (
            SELECT 1 FROM chat_message m
            WHERE m.room_id = w.room AND m.seq > w.after AND m.deleted_at IS NULL AND m.sender_id <> w.reader
            LIMIT {MOST}) AS said)
        FROM (SELECT {room} AS room, {reader} AS reader, {after} AS after FROM {each} AS e) AS w
    """  # noqa: S608  made of constants
    with connection.cursor() as cursor:
        cursor.execute(sql, [json.dumps(wanted)])
        return {(room, user): count for room, user, count in cursor.fetchall()}


@gathered
@in_database
def _counts(keys: Collection[tuple[int, frozenset[int]]]) -> dict[tuple[int, frozenset[int]], dict[int, Unread]]:
    wanted: dict[int, set[int]] = defaultdict(set)
    for user, rooms in keys:
        wanted[user] |= rooms
    found = counts(wanted)
    return {(user, rooms): found[user] for user, rooms in keys}


async def counts_of(user_id: int, room_ids: Iterable[int]) -> dict[int, Unread]:
    """Return the unread counts of a user by room. Calls at the same time share a read."""
    rooms = frozenset(room_ids)
    return (await _counts((user_id, rooms)) or {}) if rooms else {}
