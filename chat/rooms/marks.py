"""Read marks: the last message of a room that somebody has read."""

from django.db import transaction

from accounts.models import User
from chat.models import PersonInRoom, Room
from chat.rooms.access import Seen
from realtime.delivery.publish import Delivery, Publication, publish
from realtime.storage.database import in_database
from realtime.wire.protocol import encode


async def mark_read(user: User, room: Seen, seq: int, source: str) -> None:
    """Note that `user` has read up to `seq`, and tell the user's other sockets; `source` names this one."""
    moved = await in_database(move_mark)(user.pk, room.pk, seq)
    if moved is not None:
        payload = {"do": "read", "room": room.slug, "seq": moved, "source": source}
        await publish([Publication(f"user.{user.pk}", Delivery.CONTROL, encode(payload))])


def move_mark(user_id: int, room_id: int, seq: int) -> int | None:
    """Move a mark forward, at most to the last message. Return its new position; None when it did not move."""
    with transaction.atomic():
        seq = min(seq, Room.objects.values_list("seq", flat=True).get(pk=room_id))
        mark, _ = PersonInRoom.objects.get_or_create(room_id=room_id, user_id=user_id)
        return seq if PersonInRoom.objects.filter(pk=mark.pk, seq__lt=seq).update(seq=seq) else None
