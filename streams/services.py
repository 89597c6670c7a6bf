"""What can be done with streams."""

import logging
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import hash_token
from realtime import clock
from realtime.protocol import encode
from realtime.publish import publish_on_commit
from streams import shown, store
from streams.models import ProducerLease, PushToken, State, Stream
from streams.producers.registry import Producer
from streams.push import tally
from streams.push.values import WrongPush
from streams.pushed import Pushed
from streams.values import Kind, WrongValue

log = logging.getLogger(__name__)


# Streams


def ensure_produced(producers: Iterable[Producer]) -> dict[str, int]:
    """Make the streams that `producers` feed, where they are missing; return stream ids by slug.

    A stream follows what its producer says (label, unit …) except where the admin has changed it; its kind it keeps
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
    """Return the kinds of the streams, by id, whose producers give another."""
    kinds = Stream.objects.filter(pk__in=streams).values_list("pk", "kind")
    return {pk: Kind(kind) for pk, kind in kinds if kind != streams[pk].kind}


#: What a producer says of its stream, beside the kind.
DECLARED: Final = ("label", "unit", "stale_after", "raw_for", "retention")


def _as_json(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.total_seconds() if isinstance(value, timedelta) else value for name, value in said.items()}


@transaction.atomic
def _redeclare(stream: Stream, kind: str, said: Mapping[str, Any]) -> None:
    """Give `stream` what its producer says now, where it still has what the producer said before."""
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
    """Return what a producer goes on from: the stream's value, a table's rows by key; None at the first time."""
    stream = Stream.objects.get(pk=pk)
    return store.rows_of([stream])[pk] or None if stream.kind == Stream.Kind.TABLE else stream.value


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


# Pushing


def issue_token(stream: Stream, note: str = "") -> str:
    """Return a new token with which values can be pushed into `stream`; it is stored hashed, so never again."""
    token = "push_" + secrets.token_urlsafe(32)
    PushToken.objects.create(stream=stream, note=note, token_hash=hash_token(token))
    return token


def revoke_token(token: PushToken) -> None:
    PushToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())


def was_revoked(token: str) -> bool:
    return PushToken.objects.filter(token_hash=hash_token(token), revoked_at__isnull=False).exists()


def find_token(token: str) -> PushToken | None:
    """Return the unrevoked push token, or None."""
    return PushToken.objects.filter(token_hash=hash_token(token), revoked_at=None).first()


def push(stream: Stream, read: Callable[[str, datetime], list[Pushed]]) -> None:
    """Take what `read(kind, now)` finds in a push into `stream`, whole or not at all. Raises WrongPush."""
    clock.measure()
    pushed = read(stream.kind, clock.now())
    try:
        with transaction.atomic():
            if pushed:
                publish_on_commit(store.push(stream, pushed))
            tally.count_accepted(stream, len(pushed))
    except WrongValue as error:
        raise WrongPush("value", str(error)) from None


def example_push(kind: str) -> str:
    """Return a push that a stream of `kind` would take, as JSON."""
    return encode({"value": EXAMPLES[Kind(kind)]})


EXAMPLES: Final = {
    Kind.NUMBER: 42,
    Kind.TEXT: "All is well",
    Kind.STATUS: {"level": "ok", "text": "all is well"},
    Kind.TABLE: {"Ada": {"calls": 7}},
    Kind.SERIES: [[1767225600000, 41], [1767229200000, 42]],
}
