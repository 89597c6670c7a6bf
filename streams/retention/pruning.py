"""Deletes samples that are past their retention, and thins older ones."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from django.db.models import Q
from django.db.models.functions import Now

from realtime.storage import clock
from streams.models import Sample, Stream, TableRow
from streams.retention.periods import STRETCH, THINNED, TOMBSTONES
from streams.store import AT_ONCE, delete_samples


def prune() -> int:
    """Delete samples past their stream's retention, thin older ones, and delete old marks of rows; return how many."""
    deleted = 0
    for stream in Stream.objects.all():
        old = Sample.objects.filter(stream=stream, at__lt=Now() - stream.retention)
        if stream.kind == Stream.Kind.TABLE and (held := old.order_by("at").last()):
            old = old.filter(at__lt=held.at)  # this state was still valid at the beginning of the time that is kept
        while ids := list(old.order_by("at").values_list("pk", flat=True)[:AT_ONCE]):
            deleted += delete_samples(ids)
        deleted += _thin(stream, clock.now() - stream.raw_for)
    marks = TableRow.objects.filter(Q(value__isnull=True), at__lt=Now() - TOMBSTONES)
    return deleted + marks.delete()[0]


def _thin(stream: Stream, until: datetime) -> int:
    """In each stretch of THINNED that ended by `until`, keep only the least, the greatest and the last sample.

    The kept samples keep their own times. Each call goes on where the last one stopped; a push of older samples moves
    that point back.
    """
    until = floor(until, THINNED)
    mark, deleted = stream.thinned_until, 0
    while True:
        later = Q(at__gte=floor(mark, THINNED)) if mark else Q()
        samples = Sample.objects.filter(later, stream=stream, at__lt=until).order_by("at", "pk")
        first = samples.values_list("at", flat=True).first()
        end = min(floor(first, THINNED) + STRETCH, until) if first else until
        is_number = stream.kind == Stream.Kind.NUMBER
        columns = ("pk", "at", "value") if is_number else ("pk", "at")
        superfluous = _superfluous(samples.filter(at__lt=end).values_list(*columns) if first else (), is_number)
        deleted += delete_samples(superfluous)
        # Unless a push moved it back meanwhile: then the next round begins there.
        if mark == end or not Stream.objects.filter(pk=stream.pk, thinned_until=mark).update(thinned_until=end):
            return deleted
        mark = end


def _superfluous(rows: Iterable[tuple[Any, ...]], is_number: bool) -> list[int]:
    """Return the ids of the samples, oldest first, that are neither least nor greatest nor last in their stretch.

    `rows`: id, time, and the value if it is a number.
    """
    found: list[int] = []
    for _, stretch in groupby(rows, key=lambda row: floor(row[1], THINNED)):
        samples = list(stretch)
        kept = {samples[-1][0]}
        if is_number:
            kept |= {function(samples, key=lambda row: row[2])[0] for function in (min, max)}
        found += [pk for pk, *_ in samples if pk not in kept]
    return found


def floor(moment: datetime, width: timedelta) -> datetime:
    return moment - (moment - datetime.min.replace(tzinfo=UTC)) % width
