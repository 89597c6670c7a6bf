"""Entering a room: a joiner gets a page of the log, who is there, and their read mark."""

import asyncio
from dataclasses import dataclass

from accounts.models import User
from chat.log import recent
from chat.log.pages import Page
from chat.presence.people import People, people
from chat.rooms import access
from chat.rooms.access import Seen, open_room
from realtime.storage.database import in_database


@dataclass(frozen=True, slots=True)
class Entered:
    """What a joining client gets: a page of the log, the read mark, and who is there."""

    page: Page
    read: int
    people: People


@in_database
def see(user: User, slug: str) -> Seen:
    """Return the room for `user`. Raises CommandError."""
    room = open_room(user, slug)
    return Seen(room.pk, room.slug, room.kind)


async def rooms_of(user: User) -> dict[int, Seen]:
    """Return the rooms in the list of `user`, by id."""
    rooms = await access.rooms_in_list(user.pk) or {}
    if not user.is_guest:
        return rooms
    return {pk: room for pk, room in rooms.items() if access.takes_guests(room.kind, room.guests)}


async def enter(user: User, room: Seen, after: int | None, limit: int) -> Entered:
    """Read the page and the people for a client that joins at position `after` (None: it has nothing yet).

    The client must be subscribed to the room already.
    """
    entry = await access.entry((room.pk, user.pk))
    if entry is None:
        raise access.no_such_room()
    # checked again now that the socket is subscribed: the permission may have ended before
    access.require_open(user, entry.is_open)
    access.require_guests(user, entry.takes_guests)
    page, there = await asyncio.gather(
        recent.page(room.pk, after, limit, entry.rev), people.get(room.pk, entry.presence_rev)
    )
    return Entered(page, entry.read, there)
