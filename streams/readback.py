"""How hubs read back the updates of streams that the channel layer dropped."""

from collections.abc import Collection, Mapping

from realtime.delivery.hub import Readback, Source
from realtime.delivery.publish import Delivery
from realtime.storage.database import in_database
from streams import store
from streams.models import Stream


class StreamSource(Source):
    """Reads topics `stream.<slug>`."""

    delivery = Delivery.LATEST

    async def heads(self, topics: Collection[str]) -> Mapping[str, int]:
        heads: dict[str, int] = await in_database(_heads)(topics)
        return heads

    async def read(self, topic: str, after: int) -> Readback:
        readback: Readback = await in_database(_read)(topic, after)
        return readback


def _heads(topics: Collection[str]) -> dict[str, int]:
    slugs = [_slug(topic) for topic in topics]
    return {f"stream.{slug}": seq for slug, seq in Stream.objects.filter(slug__in=slugs).values_list("slug", "seq")}


def _read(topic: str, after: int) -> Readback:
    stream = Stream.objects.filter(slug=_slug(topic)).first()
    if stream is None:
        return Readback(after)
    return Readback(stream.seq, store.changed_after(stream, after))


def _slug(topic: str) -> str:
    return topic.removeprefix("stream.")
