"""Writes and reads of streams, samples and rows. The only place where `seq` moves and samples are written.

Every write returns the publications that tell of it; they may leave only after the commit.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Exists, F, Model, OuterRef, Q
from django.db.models.functions import Now
from django.utils import timezone

from dashboard.models import ProducerLease, Sample, State, Stream, TableRow
from dashboard.protocol import Pushed, unix_ms, update_of_rows, update_of_value
from dashboard.values import ROWS, WrongValue
from realtime import bulk
from realtime.protocol import decode_json
from realtime.publish import Delivery, Publication

#: How long the mark of a row that was taken away is kept: much longer than any hub may be behind.
TOMBSTONES: Final = timedelta(days=1)
#: How many samples one statement of pruning deletes.
PRUNE: Final = 5_000

#: Of how long a time thinning leaves the least, the greatest and the last sample, and of how long it looks at once.
THINNED: Final = timedelta(minutes=5)
STRETCH: Final = timedelta(hours=1)

#: A point of a history: `[unix ms, value]`.
Point = list[Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a producer said at one time: a value (None: no news), or why it failed (`error`, `retry_at`)."""

    stream: int
    token: int
    kind: str
    at: datetime
    value: Any = None
    error: str = ""
    retry_at: datetime | None = None


@dataclass(slots=True)
class Recorded:
    """`lost`: the streams whose fencing token was out of date; nothing of theirs was written."""

    publications: list[Publication] = field(default_factory=list)
    lost: set[int] = field(default_factory=set)


def record(readings: Iterable[Reading]) -> Recorded:
    """Write a batch of readings of any streams, each in order, in one transaction; one seq per stream."""
    recorded = Recorded()
    by_stream: dict[int, list[Reading]] = defaultdict(list)
    for reading in readings:
        by_stream[reading.stream].append(reading)
    changed: dict[tuple[str, ...], list[Stream]] = defaultdict(list)
    samples: list[Sample] = []
    with transaction.atomic():
        # In order of id, as everybody locks them, lest two processes wait for each other.
        for stream in Stream.objects.select_for_update().filter(pk__in=by_stream).order_by("pk"):
            own = by_stream[stream.pk]
            if stream.fence == own[-1].token:
                del by_stream[stream.pk]
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
    """Return `value` as it comes back from JSON: a producer's number may be numpy's."""
    return value if type(value) in (float, int, str) else json.loads(json.dumps(value))


def _advance(stream: Stream, last: Reading, values: Sequence[tuple[datetime, Any]]) -> tuple[str, ...]:
    """Give `stream` its next seq, newest value and health; return the names of the fields that have changed."""
    stream.seq += 1
    stream.state = State.ERROR if last.error else State.OK
    stream.error, stream.retry_at = last.error, last.retry_at
    fields: tuple[str, ...] = ("seq", "state", "error", "retry_at")
    if values:
        stream.at, value = values[-1]
        fields += ("at",)
        if stream.kind != Stream.Kind.TABLE:
            stream.value = value
            fields += ("value",)
    return fields


def push(stream: Stream, pushed: Sequence[Pushed]) -> list[Publication]:
    """Write pushed values, oldest first; those older than the stream's newest go to its history only.

    Call it in a transaction. Raises WrongValue when a table would get too many rows.
    """
    stream = Stream.objects.select_for_update().get(pk=stream.pk)
    if stream.thinned_until and pushed[0].at < stream.thinned_until:
        Stream.objects.filter(pk=stream.pk).update(thinned_until=pushed[0].at)
    fresh = [(each.at, each.value) for each in pushed if stream.at is None or each.at >= stream.at]
    bulk.insert(_samples(stream, [(each.at, each.value) for each in pushed]))
    if not fresh:
        return []
    at, value = fresh[-1]
    if stream.kind != Stream.Kind.TABLE:
        stream.value = value
    Stream.objects.filter(pk=stream.pk).update(seq=F("seq") + 1, value=stream.value, at=at)
    stream.refresh_from_db()
    publications = _write_values(stream, fresh)
    if stream.kind == Stream.Kind.TABLE and stream.rows.filter(value__isnull=False).count() > ROWS:
        raise WrongValue(f"A table has up to {ROWS} rows; take some away by pushing null for them.")
    return publications


def _write_values(stream: Stream, values: Sequence[tuple[datetime, Any]]) -> list[Publication]:
    """Write the rows that a stream, whose head has moved already, got; return what tells of its values."""
    if stream.kind == Stream.Kind.TABLE:
        rows: dict[str, tuple[datetime, Any]] = {}
        for at, changed in values:
            rows |= {key: (at, row) for key, row in changed.items()}
        _write_rows(stream, rows)
        return publications_of_rows(stream, {key: row for key, (_, row) in rows.items()})
    folded = [[unix_ms(at), value] for at, value in values[:-1]]
    return [Publication(stream.topic, Delivery.LATEST, update_of_value(stream, folded), stream.seq)]


def _samples(stream: Stream, values: Iterable[tuple[datetime, Any]]) -> list[Sample]:
    """Return what is to be kept of `values`; a table has no history."""
    if stream.kind == Stream.Kind.TABLE:
        return []
    return [Sample(stream=stream, at=at, value=value) for at, value in values]


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
    """Return one publication per changed row; without any, one of the state, which replaces no row."""
    changes = [(f"row.{key}", {key: row}) for key, row in rows.items()] or [("state", {})]
    return [
        Publication(stream.topic, Delivery.LATEST, update_of_rows(stream, changed), stream.seq, key)
        for key, changed in changes
    ]


def orphan(pk: int, fence: int) -> list[Publication]:
    """Mark a stream `unknown` because nobody holds its lease any more; nothing when somebody does again."""
    expired = ProducerLease.objects.filter(stream=OuterRef("pk"), expires_at__lte=Now())
    with transaction.atomic():
        marked = (
            Stream.objects.filter(Exists(expired), pk=pk, fence=fence)
            .exclude(state=State.UNKNOWN)
            .update(seq=F("seq") + 1, state=State.UNKNOWN, error="", retry_at=None)
        )
        return publications_of_state(Stream.objects.get(pk=pk)) if marked else []


def publications_of_state(stream: Stream) -> list[Publication]:
    """Return what tells of a stream's present value and state."""
    if stream.kind == Stream.Kind.TABLE:
        return publications_of_rows(stream, {})
    return [Publication(stream.topic, Delivery.LATEST, update_of_value(stream), stream.seq)]


def changed_after(stream: Stream, after: int) -> list[Publication]:
    """Return publications of everything of `stream` that changed after seq `after`."""
    if stream.seq <= after:
        return []
    if stream.kind != Stream.Kind.TABLE:
        return publications_of_state(stream)
    rows = stream.rows.filter(seq__gt=after).order_by("seq", "key")
    return publications_of_rows(stream, {row.key: row.value for row in rows})


def rows_of(streams: Collection[Stream]) -> dict[int, dict[str, Any]]:
    """Return the current rows of the tables among `streams`, by stream and key, in order of their keys."""
    found: dict[int, dict[str, Any]] = defaultdict(dict)
    tables = [stream.pk for stream in streams if stream.kind == Stream.Kind.TABLE]
    if tables:
        for row in TableRow.objects.filter(stream__in=tables, value__isnull=False).order_by("key"):
            found[row.stream_id][row.key] = row.value
    return found


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much of a stream's history: the newest `points`, or with `seconds` so long, thinned to about `points`."""

    points: int
    seconds: int | None = None


def history_of(wanted: Mapping[int, Wanted], until: datetime | None = None) -> dict[int, list[Point]]:
    """Return what some streams had up to `until` (None: now), oldest first, by stream id; one statement for all.

    The database writes the points as JSON: of a board they are thousands, too many to become objects on their way.
    """
    alike: dict[Wanted, list[int]] = defaultdict(list)
    for pk, each in wanted.items():
        alike[each].append(pk)
    parts: list[str] = []
    parameters: list[Any] = []
    for each, pks in alike.items():
        sql, values = _newest(each, until) if each.seconds is None else _thinned(each, each.seconds, until)
        parts.append(
            f"SELECT id, (SELECT {_points()} FROM ({sql}) AS points)"  # noqa: S608
            f" FROM {_table(Stream)} AS stream WHERE id IN ({', '.join(['%s'] * len(pks))})"
        )
        parameters += [*values, *pks]
    found: dict[int, list[Point]] = {pk: [] for pk in wanted}
    if parts:
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(parts), parameters)
            for pk, points in cursor.fetchall():
                found[pk] = decode_json(f"[{points or ''}]")[::-1]
    return found


def _points() -> str:
    """Return what makes JSON of the columns `at`, as in `unix_ms`, and `value` of some rows, but for the brackets."""
    if connection.vendor == "sqlite":
        join = "GROUP_CONCAT"
        ms = "CAST(strftime('%%s', substr(at, 1, 19)) AS INTEGER) * 1000 + CAST(substr(at, 21, 3) AS INTEGER)"
    else:
        join, ms = "STRING_AGG", "CAST(FLOOR(EXTRACT(EPOCH FROM at) * 1000) AS BIGINT)"
    return f"{join}('[' || ({ms}) || ',' || CAST(value AS TEXT) || ']', ',')"


def _newest(wanted: Wanted, until: datetime | None) -> tuple[str, list[Any]]:
    """Return a statement for the samples of `stream`, newest first, and its parameters."""
    where, values = _where(None, until)
    return f"SELECT at, value {where} ORDER BY at DESC, id DESC LIMIT %s", [*values, wanted.points]


def _thinned(wanted: Wanted, seconds: int, until: datetime | None) -> tuple[str, list[Any]]:
    """Numbers only: the mean of each of so many equal times, at the time of its last sample."""
    if connection.vendor == "sqlite":
        epoch, number = "CAST(strftime('%%s', at) AS INTEGER)", "CAST(value AS REAL)"
    else:
        epoch, number = "CAST(EXTRACT(EPOCH FROM at) AS BIGINT)", "CAST(CAST(value AS TEXT) AS FLOAT)"
    where, values = _where((until or timezone.now()) - timedelta(seconds=seconds), until)
    sql = f"SELECT MAX(at) AS at, AVG({number}) AS value {where} GROUP BY {epoch} / %s ORDER BY 1 DESC"
    return sql, [*values, max(1, -(-seconds // wanted.points))]


def _where(since: datetime | None, until: datetime | None) -> tuple[str, list[Any]]:
    """Return the end of a statement that reads the samples of `stream` between two times, and its parameters."""
    sql = f"FROM {_table(Sample)} WHERE stream_id = stream.id"
    values: list[Any] = []
    for comparison, moment in ((">", since), ("<=", until)):
        if moment is not None:
            sql += f" AND at {comparison} %s"
            values.append(connection.ops.adapt_datetimefield_value(moment))
    return sql, values


def _table(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def prune() -> int:
    """Delete samples past their stream's retention, thin older ones, delete old marks of rows; return how many went."""
    deleted = 0
    for stream in Stream.objects.exclude(kind=Stream.Kind.TABLE):
        old = Sample.objects.filter(stream=stream, at__lt=Now() - stream.retention)
        while ids := list(old.order_by("at").values_list("pk", flat=True)[:PRUNE]):
            deleted += Sample.objects.filter(pk__in=ids).delete()[0]
        deleted += _thin(stream, timezone.now() - stream.raw_for)
    marks = TableRow.objects.filter(Q(value__isnull=True), at__lt=Now() - TOMBSTONES)
    return deleted + marks.delete()[0]


def _thin(stream: Stream, until: datetime) -> int:
    """Leave of each stretch of THINNED that ended by `until` the least, the greatest and the last sample.

    What stays was said at the time it has. Goes on from where it stopped; a push of older samples sets that back.
    """
    until = _floor(until, THINNED)
    mark, deleted = stream.thinned_until, 0
    while True:
        later = Q(at__gte=_floor(mark, THINNED)) if mark else Q()
        samples = Sample.objects.filter(later, stream=stream, at__lt=until).order_by("at", "pk")
        first = samples.values_list("at", flat=True).first()
        end = min(_floor(first, THINNED) + STRETCH, until) if first else until
        rows = samples.filter(at__lt=end).values_list("pk", "at", "value") if first else ()
        superfluous = _superfluous(rows, is_number=stream.kind == Stream.Kind.NUMBER)
        for place in range(0, len(superfluous), PRUNE):
            deleted += Sample.objects.filter(pk__in=superfluous[place : place + PRUNE]).delete()[0]
        # Not when somebody has set it back meanwhile: the next round begins there.
        if mark == end or not Stream.objects.filter(pk=stream.pk, thinned_until=mark).update(thinned_until=end):
            return deleted
        mark = end


def _superfluous(rows: Iterable[tuple[int, datetime, Any]], *, is_number: bool) -> list[int]:
    """Return the ids of the samples, oldest first, that are neither least nor greatest nor last of their stretch."""
    found: list[int] = []
    for _, stretch in groupby(rows, key=lambda row: _floor(row[1], THINNED)):
        samples = list(stretch)
        kept = {samples[-1][0]}
        if is_number:
            kept |= {function(samples, key=lambda row: row[2])[0] for function in (min, max)}
        found += [pk for pk, _, _ in samples if pk not in kept]
    return found


def _floor(moment: datetime, width: timedelta) -> datetime:
    return moment - (moment - datetime.min.replace(tzinfo=UTC)) % width


def retire(stream: Stream) -> list[Publication]:
    """Take a stream's producer away: what it still says is not written. Its values stay; call it in a transaction."""
    ProducerLease.objects.filter(stream=stream).delete()
    Stream.objects.filter(pk=stream.pk).update(
        seq=F("seq") + 1, fence=F("fence") + 1, state=State.UNKNOWN, error="", retry_at=None
    )
    return publications_of_state(Stream.objects.get(pk=stream.pk))


def delete(stream: Stream) -> None:
    """Delete a stream and everything of it; call it in a transaction."""
    Stream.objects.select_for_update().get(pk=stream.pk)
    Sample.objects.filter(stream=stream).delete()
    stream.rows.all().delete()
    stream.push_tokens.all().delete()
    ProducerLease.objects.filter(stream=stream).delete()
    stream.delete()
