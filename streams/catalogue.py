"""Making streams that scripts push into, and deleting streams."""

from typing import Any

from django.db import transaction

from streams import shown, store
from streams.models import Stream


def create_stream(slug: str, kind: str = Stream.Kind.NUMBER, **fields: Any) -> Stream:
    """Make a pushed stream. Raises ValidationError, also for a slug that is taken."""
    stream = Stream(slug=slug, kind=kind, **fields)
    stream.full_clean()
    stream.save()
    return stream


@transaction.atomic
def delete_stream(stream: Stream) -> None:
    """Delete a stream with all its history. The boards that showed it get a new snapshot."""
    shown.stream_changed(stream)
    store.delete(stream)
