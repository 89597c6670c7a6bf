"""What feeds a stream, and maybe others: whose outage is one card, however many streams it silences."""

from streams.models import HttpSource, ProducerLease, PushToken, SqlSource, Stream
from streams.producers import registry
from streams.sources.fetching import origin


def feeder(stream: Stream) -> str:
    """Return a name of what feeds `stream`, the same for all that it feeds; "" when nobody knows.

    A web site for HTTP sources, a connection for SQL sources, a file for producers in Python, and for pushed streams
    what the notes of their tokens say, when they agree.
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
