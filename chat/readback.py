"""How the hub reads rooms, heads and presence back from the database."""

from collections.abc import Collection, Mapping
from typing import Final

from chat.log import pages
from chat.log.heads import head_publication
from chat.log.writer import current_writer
from chat.models import Room
from chat.presence import connections
from chat.topics import room_topic
from realtime.delivery.hub import Readback, Source
from realtime.delivery.publish import Delivery, Publication
from realtime.storage.database import in_database
from realtime.wire.protocol import encode

#: How many changes one read brings back.
PAGE: Final = 500


def _id(topic: str) -> int:
    return int(topic.rpartition(".")[2])


@in_database
def _room(pk: int) -> Room:
    return Room.objects.get(pk=pk)


@in_database
def _presence_revs(pks: Collection[int]) -> dict[int, int]:
    return dict(Room.objects.filter(pk__in=pks).values_list("pk", "presence_rev"))


class RoomSource(Source):
    """Topics `room.<id>`: the log of a room, by rev."""

    delivery = Delivery.LOG

    async def heads(self, topics: Collection[str]) -> Mapping[str, int]:
        found = await in_database(pages.heads)(map(_id, topics))
        return {room_topic(pk): rev for pk, (rev, _) in found.items()}

    async def read(self, topic: str, after: int) -> Readback:
        page = await in_database(pages.changed_after)(_id(topic), after, PAGE)
        items = [Publication(topic, Delivery.LOG, encode(event), event["rev"]) for event in page.messages]
        return Readback(page.reached, items)

    def is_coming(self, topic: str) -> bool:
        return current_writer().is_writing(_id(topic))


class HeadsSource(Source):
    """Topics `heads.<id>`: the newest rev and seq of a room."""

    delivery = Delivery.LATEST

    async def heads(self, topics: Collection[str]) -> Mapping[str, int]:
        found = await in_database(pages.heads)(map(_id, topics))
        return {f"heads.{pk}": rev for pk, (rev, _) in found.items()}

    async def read(self, topic: str, after: int) -> Readback:
        room = await _room(_id(topic))
        return Readback(room.rev, [head_publication(room.pk, room.slug, room.rev, room.seq)])


class PresenceSource(Source):
    """Topics `presence.<id>`: who came and went in a room.

    A missed change is read back as the list of the people who are there now.
    """

    delivery = Delivery.LOG

    async def heads(self, topics: Collection[str]) -> Mapping[str, int]:
        found = await _presence_revs([_id(topic) for topic in topics])
        return {connections.presence_topic(pk): rev for pk, rev in found.items()}

    async def read(self, topic: str, after: int) -> Readback:
        room = await _room(_id(topic))
        number, online = (await connections.online([room.pk]))[room.pk]
        if number <= after:
            return Readback(number)
        event = {**connections.presence_event(room.slug, [], [], len(online)), "online": online}
        return Readback(number, [Publication(topic, Delivery.LOG, encode(event), number)])
