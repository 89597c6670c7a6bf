"""Runs the sources that people make in the admin as producers."""

from collections.abc import Iterable
from itertools import chain
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from realtime.delivery.publish import publish_on_commit
from streams import produced, shown, store
from streams.models import HttpSource, SqlSource, Stream
from streams.producers.registry import PATIENCE, Producer, all_producers, default_stale_after
from streams.retention.periods import RAW_FOR, RETENTION
from streams.sources.feeds import check_path
from streams.sources.fetching import HttpValue, check_header, check_url
from streams.sources.querying import SqlValue
from streams.values import Kind

AnySource = SqlSource | HttpSource

#: Options of the tile that shows a feed's entries.
NEWEST_FIRST: Final = {"key": "Entry", "sort": "-at"}


def producer_of(source: AnySource) -> Producer:
    """Return the producer for a source; equal producers for equal sources."""
    function: SqlValue | HttpValue
    if isinstance(source, SqlSource):
        function = SqlValue(source.connection, source.query, source.result, source.patience)
    else:
        function = http_value(source)
    return Producer(
        slug=source.slug,
        function=function,
        every=source.every,
        cron="",
        kind=Kind(source.kind),
        label=source.label,
        unit=source.unit,
        stale_after=default_stale_after(source.every),
        raw_for=RAW_FOR,
        retention=RETENTION,
        patience=source.patience + PATIENCE,  # the query keeps its own limit; this one is for a dead network
    )


def http_value(source: HttpSource) -> HttpValue:
    """Return the function that reads the value of `source`."""
    kind = Kind(source.kind)
    return HttpValue(source.url, source.format, source.path, kind, source.patience, source.header, source.sealed)


def configured_producers() -> dict[str, Producer]:
    """Return the producers of all sources, by stream slug."""
    sources: Iterable[AnySource] = chain(SqlSource.objects.all(), HttpSource.objects.all())
    return {source.slug: producer_of(source) for source in sources}


def check_source(source: AnySource) -> None:
    """Raise ValidationError, by field, when `source` can't give values for its stream."""
    others = [*SqlSource.objects.filter(slug=source.slug), *HttpSource.objects.filter(slug=source.slug)]
    if any(other != source for other in others):
        raise ValidationError({"slug": _("Another source feeds this stream.")})
    if source.slug in all_producers():
        raise ValidationError({"slug": _("A Python producer feeds this stream.")})
    if isinstance(source, HttpSource):
        for field, check in (("url", check_url), ("path", check_path), ("header", check_header)):
            try:
                check(getattr(source, field))
            except ValueError as error:
                raise ValidationError({field: str(error)}) from None
    stream = Stream.objects.filter(slug=source.slug).first()
    if stream is None or stream.at is None:
        return
    if not others and stream.push_tokens.filter(revoked_at=None).exists():
        raise ValidationError({"slug": _("Values are pushed into this stream: revoke its tokens first.")})
    if stream.kind != source.kind:
        field = "result" if isinstance(source, SqlSource) else "kind"
        raise ValidationError({field: _("The stream has values of another kind: choose another slug.")})


@transaction.atomic
def save_source(source: AnySource, board: str = "") -> Stream:
    """Store a source, make its stream, and show it on `board` if given. The worker begins within seconds."""
    source.save()
    stream = Stream.objects.get(pk=produced.ensure_produced([producer_of(source)])[source.slug])
    if board:
        is_feed = isinstance(source, HttpSource) and source.format == HttpSource.Format.FEED
        shown.show(stream, board, NEWEST_FIRST if is_feed and stream.kind == Kind.TABLE else None)
    return stream


@transaction.atomic
def delete_source(source: AnySource) -> None:
    """Delete a source. Its stream stays with its history, but gets no more values."""
    stream = Stream.objects.filter(slug=source.slug).first()
    source.delete()
    if stream is not None:
        publish_on_commit(store.retire(stream))
