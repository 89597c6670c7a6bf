"""What people do with messages. Checks without the database are here; the store does the others, in its transaction."""

import asyncio
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import UUID

import msgspec
from asgiref.sync import async_to_sync

from accounts.models import User
from chat.commands import BODY_CHARACTERS, SHORT_BODY, check_body, check_emoji
from chat.log import changes
from chat.log.changes import Change
from chat.log.store import Applied
from chat.log.writer import current_writer
from chat.models import Message, Room
from chat.rooms.access import Seen
from chat.topics import room_topic
from realtime.delivery.publish import Delivery, Publication, publish
from realtime.limits.turns import Turns
from realtime.wire.protocol import encode

_rendering = Turns(ThreadPoolExecutor(1, thread_name_prefix="rendering"))


async def post(room_id: int, user: User, client_id: UUID, body: str, reply_to: int | None) -> Change:
    """Return the change that adds a message. Raises CommandError for an invalid body."""
    return changes.Post(room_id, user.pk, client_id, body, await _render(body, user), reply_to)


async def edit(
    room_id: int, user: User, seq: int, body: str, base: str | msgspec.UnsetType | None = msgspec.UNSET
) -> Change:
    """Return the change that gives a message a new text. `base`: see `changes.Edit`. Raises like `post`."""
    return changes.Edit(room_id, user.pk, seq, body, await _render(body, user), base)


async def _render(body: str, user: User) -> str:
    """Return the HTML of `body`.

    A long one is rendered in a thread, in turns (`realtime.limits.turns`). Raises CommandError.
    """
    if len(body) <= SHORT_BODY or len(body) > BODY_CHARACTERS:
        return check_body(body)
    return await _rendering.run(user.pk, partial(check_body, body))


def delete(room_id: int, user: User, seq: int, *, as_staff: bool = False) -> Change:
    return changes.Delete(room_id, user.pk, seq, as_staff)


def react(room_id: int, user: User, seq: int, emoji: str, on: bool) -> Change:
    check_emoji(emoji)
    return changes.React(room_id, user.pk, seq, emoji, on)


def acknowledge(room_id: int, user: User, seq: int) -> Change:
    return changes.Acknowledge(room_id, user.pk, seq)


def write(change: Change | Awaitable[Change]) -> Applied:
    """Write one change of the functions above, from synchronous code, and wait for it. Raises CommandError."""
    return async_to_sync(_write)(change)


async def _write(change: Change | Awaitable[Change]) -> Applied:
    return await current_writer().submit(change if isinstance(change, Change) else await change)


def purge(room: Room, staff: User) -> int:
    """Delete all messages of a room, with one change each, so that every client drops the text; return how many."""
    seqs = Message.objects.filter(room=room, deleted_at=None).order_by("seq").values_list("seq", flat=True)
    return async_to_sync(_delete_all)([changes.Delete(room.pk, staff.pk, seq, as_staff=True) for seq in seqs])


async def _delete_all(changes: list[Change]) -> int:
    for start in range(0, len(changes), 1000):
        await asyncio.gather(*[current_writer().submit(change) for change in changes[start : start + 1000]])
    return len(changes)


async def tell_typing(user: User, room: Seen) -> None:
    event = {"type": "typing", "room": room.slug, "user": user.on_wire()}
    await publish([Publication(room_topic(room.pk), Delivery.EPHEMERAL, encode(event))])
