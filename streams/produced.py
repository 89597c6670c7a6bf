"""Streams with a producer."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models.functions import Now

from streams import shown, store
from streams.models import ProducerLease, State, Stream
from streams.producers.registry import Producer
from streams.values import Kind


def ensure_produced(producers: Iterable[Producer]) -> dict[str, int]:
    """Make the missing streams of `producers`; return all their stream ids by slug.

    A stream takes over what its producer declares (label, unit …), except what the admin has changed. It keeps its kind
    once it has had a value (`misfits`).
    """
    found: dict[str, int] = {}
    for producer in producers:
        said = {name: getattr(producer, name) for name in DECLARED}
        stream, made = Stream.objects.get_or_create(
            slug=producer.slug,
            defaults={**said, "kind": producer.kind, "declared": _as_json(said), "state": State.UNKNOWN},
        )
        if not made:
            _redeclare(stream, producer.kind, said)
        ProducerLease.objects.get_or_create(
            stream=stream, defaults={"token": stream.fence, "expires_at": Now() - timedelta(seconds=1)}
        )
        found[producer.slug] = stream.pk
    return found


def misfits(streams: Mapping[int, Producer]) -> dict[int, Kind]:
    """Return, by stream id, the kind of each stream whose producer gives another kind."""
    kinds = Stream.objects.filter(pk__in=streams).values_list("pk", "kind")
    return {pk: Kind(kind) for pk, kind in kinds if kind != streams[pk].kind}


#: What a producer declares about its stream, besides the kind.
DECLARED: Final = ("label", "unit", "stale_after", "raw_for", "retention")


def _as_json(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.total_seconds() if isinstance(value, timedelta) else value for name, value in said.items()}


@transaction.atomic
def _redeclare(stream: Stream, kind: str, said: Mapping[str, Any]) -> None:
    """Update `stream` to its producer's present declaration, where it still has the former one."""
    before, now = stream.declared, _as_json(said)
    present = _as_json({name: getattr(stream, name) for name in said})
    changes = {name: said[name] for name in said if present[name] == before.get(name) != now[name]}
    if stream.kind != kind and stream.at is None:  # it never had a value
        changes["kind"] = kind
    if changes or before != now:
        Stream.objects.filter(pk=stream.pk).update(**changes, declared=now)
        stream.refresh_from_db()
    if changes:
        shown.stream_changed(stream)


def last_value(pk: int) -> Any:
    """Return the last value, from which a producer goes on: for a table its rows by key, None when there is none."""
    stream = Stream.objects.get(pk=pk)
    return store.rows_of([stream])[pk] or None if stream.kind == Stream.Kind.TABLE else stream.value
