"""Writes streams, samples and rows. Only this module moves `seq` and writes samples.

Every write returns its publications; they may be published only after the commit.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, Final, NamedTuple

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Now

from realtime.delivery.publish import Delivery, Publication
from realtime.storage import bulk
from streams.events import unix_ms, update_of_rows, update_of_value
from streams.models import ProducerLease, Sample, State, Stream, TableRow
from streams.pushed import Pushed
from streams.values import ROWS, Reading, WrongValue

#: How many samples one statement deletes.
AT_ONCE: Final = 5_000
#: A limit on the history of tables: the least time between two stored states, and the average bytes per second.
SNAPSHOT_EVERY: Final = timedelta(seconds=10)
SNAPSHOT_BYTES: Final = 1_000
#: The fields of a stream that change when the rows of its table change.
_TABLE_FIELDS: Final = ("rows_at", "snapshot_due")


class StreamReading(NamedTuple):
    """A reading, the id of its stream, and the fencing token of the worker that produced it."""

    stream: int
    token: int
    reading: Reading


@dataclass(slots=True)
class Recorded:
    """The result of `record`. `lost`: streams whose fencing token was out of date, so nothing of theirs was written."""

    publications: list[Publication] = field(default_factory=list)
    lost: set[int] = field(default_factory=set)


def record(readings: Iterable[StreamReading]) -> Recorded:
    """Write a batch of readings of any streams in one transaction.

    Each stream's readings are in order and share one seq.
    """
    recorded = Recorded()
    by_stream: dict[int, list[Reading]] = defaultdict(list)
    tokens: dict[int, int] = {}
    for stream_id, token, reading in readings:
        by_stream[stream_id].append(reading)
        tokens[stream_id] = token
    changed: dict[tuple[str, ...], list[Stream]] = defaultdict(list)
    samples: list[Sample] = []
    with transaction.atomic():
        # All writers lock in order of id, so that two processes never deadlock.
        for stream in Stream.objects.select_for_update().filter(pk__in=by_stream).order_by("pk"):
            if stream.fence == tokens[stream.pk]:
                own = by_stream.pop(stream.pk)
                values = [(each.at, _plain(each.value)) for each in own if each.value is not None]
                changed[_advance(stream, own[-1], values)].append(stream)
                samples += _samples(stream, values)
                recorded.publications += _write_values(stream, values)
        for fields, streams in changed.items():
            bulk.update(streams, *fields)
        bulk.insert(samples)
    recorded.lost = set(by_stream)
    return recorded


def _plain(value: Any) -> Any:
    """Return `value` in the types of JSON: a producer's number may be numpy's."""
    return value if type(value) in (float, int, str) else json.loads(json.dumps(value))


def _advance(stream: Stream, last: Reading, values: Sequence[tuple[datetime, Any]]) -> tuple[str, ...]:
    """Set the next seq, the newest value and the health of `stream`; return the names of the changed fields."""
    stream.seq += 1
    stream.state = State.ERROR if last.error else State.OK
    stream.error, stream.retry_at = last.error, last.retry_at
    fields: tuple[str, ...] = ("seq", "state", "error", "retry_at")
    if values:
        stream.at, value = values[-1]
        fields += ("at",)
        if stream.kind == Stream.Kind.TABLE:
            fields += _TABLE_FIELDS
        else:
            stream.value = value
            fields += ("value",)
    return fields


def push(stream: Stream, pushed: Sequence[Pushed]) -> list[Publication]:
    """Write pushed values, oldest first. Values older than the stream's newest only go into its history.

    A value without a time gets the database's time, so that with two processes the later write is the newest. Call it
    in a transaction. Raises WrongValue when a table would get too many rows.
    """
    stream = Stream.objects.select_for_update().annotate(now=Now()).get(pk=stream.pk)
    now: datetime = stream.now
    values = sorted(((now if each.is_now else each.at, each.value) for each in pushed), key=itemgetter(0))
    if stream.thinned_until and values[0][0] < stream.thinned_until:
        Stream.objects.filter(pk=stream.pk).update(thinned_until=values[0][0])
    # A stored value from the future (a wrong clock) must not hide new ones.
    newest = stream.at if stream.at is not None and stream.at <= now else None
    fresh = [(at, value) for at, value in values if newest is None or at >= newest]
    is_table = stream.kind == Stream.Kind.TABLE
    bulk.insert(_samples(stream, fresh if is_table else values))
    if not fresh:
        return []
    at, value = fresh[-1]
    fields = {name: getattr(stream, name) for name in _TABLE_FIELDS} if is_table else {"value": value}
    Stream.objects.filter(pk=stream.pk).update(seq=F("seq") + 1, at=at, **fields)
    stream.refresh_from_db()
    publications = _write_values(stream, fresh)
    if is_table and stream.rows.filter(value__isnull=False).count() > ROWS:
        raise WrongValue(f"A table has up to {ROWS} rows; take some away by pushing null for them.")
    return publications


def _write_values(stream: Stream, values: Sequence[tuple[datetime, Any]]) -> list[Publication]:
    """Write the new values of a stream whose head has already moved; return the publications."""
    if stream.kind == Stream.Kind.TABLE:
        rows: dict[str, tuple[datetime, Any]] = {}
        for at, changed in values:
            rows |= {key: (at, row) for key, row in changed.items()}
        _write_rows(stream, rows)
        return publications_of_rows(stream, {key: row for key, (_, row) in rows.items()})
    folded = [[unix_ms(at), value] for at, value in values[:-1]]
    return [Publication(stream.topic, Delivery.LATEST, update_of_value(stream, folded), stream.seq)]


def _samples(stream: Stream, values: Iterable[tuple[datetime, Any]]) -> list[Sample]:
    """Return the samples to store when `values` come."""
    if stream.kind == Stream.Kind.TABLE:
        return _snapshot(stream, [at for at, rows in values if rows])
    return [Sample(stream=stream, at=at, value=value) for at, value in values]


def _snapshot(table: Stream, changes: Sequence[datetime]) -> list[Sample]:
    """Return a sample of the rows that changes at these times replace, unless one was stored a short while ago.

    Rows are stored just before they change, not after. So every state that lasted is stored once, however long it
    lasted.
    """
    if not changes:
        return []
    since, table.rows_at = table.rows_at, changes[-1]
    if since is None or (table.snapshot_due is not None and changes[0] < table.snapshot_due):
        return []
    rows = rows_of([table]).get(table.pk, {})
    pause = timedelta(seconds=len(json.dumps(rows)) / SNAPSHOT_BYTES)
    table.snapshot_due = changes[0] + max(SNAPSHOT_EVERY, pause)
    return [Sample(stream=table, at=since, value=rows)]


def _write_rows(stream: Stream, rows: Mapping[str, tuple[datetime, Any]]) -> None:
    if not rows:
        return
    TableRow.objects.bulk_create(
        [TableRow(stream=stream, key=key, value=row, seq=stream.seq, at=at) for key, (at, row) in rows.items()],
        update_conflicts=True,
        unique_fields=["stream", "key"],
        update_fields=["value", "seq", "at"],
    )


def publications_of_rows(stream: Stream, rows: Mapping[str, Any]) -> list[Publication]:
    """Return one publication per changed row; without changed rows, a single one with the stream's state."""
    changes = [(f"row.{key}", {key: row}) for key, row in rows.items()] or [("state", {})]
    return [
        Publication(stream.topic, Delivery.LATEST, update_of_rows(stream, changed), stream.seq, key)
        for key, changed in changes
    ]


def orphan(pk: int, fence: int) -> list[Publication]:
    """Mark a stream `unknown` because nobody holds its lease. Does nothing when somebody holds it again."""
    expired = ProducerLease.objects.filter(stream=OuterRef("pk"), expires_at__lte=Now())
    with transaction.atomic():
        marked = (
            Stream.objects.filter(Exists(expired), pk=pk, fence=fence)
            .exclude(state=State.UNKNOWN)
            .update(seq=F("seq") + 1, state=State.UNKNOWN, error="", retry_at=None)
        )
        return publications_of_state(Stream.objects.get(pk=pk)) if marked else []


def publications_of_state(stream: Stream) -> list[Publication]:
    """Return the publications of a stream's present value and state."""
    if stream.kind == Stream.Kind.TABLE:
        return publications_of_rows(stream, {})
    return [Publication(stream.topic, Delivery.LATEST, update_of_value(stream), stream.seq)]


def changed_after(stream: Stream, after: int) -> list[Publication]:
    """Return the publications of everything in `stream` that changed after seq `after`."""
    if stream.seq <= after:
        return []
    if stream.kind != Stream.Kind.TABLE:
        return publications_of_state(stream)
    rows = stream.rows.filter(seq__gt=after).order_by("seq", "key")
    return publications_of_rows(stream, {row.key: row.value for row in rows})


def rows_of(streams: Collection[Stream]) -> dict[int, dict[str, Any]]:
    """Return the present rows of the tables among `streams`, by stream and key, sorted by key."""
    found: dict[int, dict[str, Any]] = defaultdict(dict)
    tables = [stream.pk for stream in streams if stream.kind == Stream.Kind.TABLE]
    if tables:
        for row in TableRow.objects.filter(stream__in=tables, value__isnull=False).order_by("key"):
            found[row.stream_id][row.key] = row.value
    return found


def retire(stream: Stream) -> list[Publication]:
    """Remove a stream's producer, so that its later readings are not written.

    The values stay. Call it in a transaction.
    """
    ProducerLease.objects.filter(stream=stream).delete()
    Stream.objects.filter(pk=stream.pk).update(
        seq=F("seq") + 1, fence=F("fence") + 1, state=State.UNKNOWN, error="", retry_at=None
    )
    return publications_of_state(Stream.objects.get(pk=stream.pk))


def delete_samples(ids: Sequence[int]) -> int:
    """Delete these samples, AT_ONCE in a statement, so that none takes too long; return how many there were."""
    return sum(
        Sample.objects.filter(pk__in=ids[start : start + AT_ONCE]).delete()[0] for start in range(0, len(ids), AT_ONCE)
    )


def delete(stream: Stream) -> None:
    """Delete a stream with everything that belongs to it. Call it in a transaction."""
    Stream.objects.select_for_update().get(pk=stream.pk)
    samples = Sample.objects.filter(stream=stream).order_by("pk").values_list("pk", flat=True)
    while ids := list(samples[:AT_ONCE]):
        delete_samples(ids)
    stream.rows.all().delete()
    stream.push_tokens.all().delete()
    ProducerLease.objects.filter(stream=stream).delete()
    stream.delete()
