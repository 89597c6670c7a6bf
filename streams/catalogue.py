"""Which streams there are: making one that scripts push into, and deleting any."""

from typing import Any

from django.db import transaction

from streams import shown, store
from streams.models import Stream


def create_stream(slug: str, kind: str = Stream.Kind.NUMBER, **fields: Any) -> Stream:
    """Make a stream that is pushed. Raises ValidationError, for a slug that is taken too."""
    stream = Stream(slug=slug, kind=kind, **fields)
    stream.full_clean()
    stream.save()
    return stream


@transaction.atomic
def delete_stream(stream: Stream) -> None:
    """Delete a stream with all its history; the boards that showed it get a new snapshot."""
    shown.stream_changed(stream)
    store.delete(stream)
