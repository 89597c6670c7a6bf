"""The feeder of a stream: what its values come from. One feeder may feed many streams; its outage is a single card."""

from streams.models import HttpSource, ProducerLease, PushToken, SqlSource, Stream
from streams.producers import registry
from streams.sources.fetching import origin


def feeder(stream: Stream) -> str:
    """Return the name of the feeder of `stream`; "" when it is unknown. Streams with one feeder have the same name.

    The name is: for HTTP sources the web site; for SQL sources the connection; for producers in Python the file; for
    pushed streams the note of their tokens, if all notes are equal.
    """
    if http := HttpSource.objects.filter(slug=stream.slug).first():
        scheme, host, port = origin(http.url)
        return f"{scheme}://{host}{f':{port}' if port else ''}"[:200]
    if sql := SqlSource.objects.filter(slug=stream.slug).first():
        return f"SQL {sql.connection}"
    if ProducerLease.objects.filter(stream=stream).exists():
        return registry.module_of(stream.slug)
    notes = set(PushToken.objects.filter(stream=stream, revoked_at=None).values_list("note", flat=True))
    note = notes.pop().strip() if len(notes) == 1 else ""
    return f"push {note}" if note else ""
