"""Reads the past of streams: the points of charts, and the values at a moment."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Model

from realtime.storage import clock
from realtime.wire.protocol import decode_json
from streams.events import unix_ms
from streams.models import Sample, Stream
from streams.retention.periods import THINNED
from streams.store import rows_of

#: A point of a history: `[unix ms, value]`.
Point = list[Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much of a stream's history: the newest `points`; with `seconds`, that time thinned to about `points`."""

    points: int
    seconds: int | None = None

    @property
    def step(self) -> int:
        """How many seconds each point is a mean of; 0: each point is a sample."""
        return 0 if self.seconds is None else max(1, -(-self.seconds // self.points))


def gap(stream: Stream, wanted: Wanted, points: Sequence[Point]) -> float:
    """Return the gap: after this many seconds without a point, a chart's line through `points` breaks.

    It is the longest of: the time after which a value is old; twice the step of means; twice the stretch of thinned
    samples. Neighbouring means or thinned samples may be that far apart.
    """
    thinned = bool(points and stream.thinned_until and points[0][0] < unix_ms(stream.thinned_until))
    return max(stream.stale_after, 2.0 * wanted.step, 2 * THINNED.total_seconds() if thinned else 0.0)


def gaps(
    streams: Mapping[int, Stream], wanted: Mapping[int, Wanted], points: Mapping[int, Sequence[Point]]
) -> dict[int, float]:
    """Return the `gap` of each stream, by stream id."""
    return {pk: gap(stream, wanted.get(pk, Wanted(0)), points.get(pk, ())) for pk, stream in streams.items()}


def heads_at(streams: Collection[Stream], moment: datetime) -> dict[int, list[Point]]:
    """Return, by stream id, the point that each stream had at `moment`, if any. A table's point has all its rows.

    A table's present state is in its rows; its samples are former states.
    """
    tables = {stream.pk: stream for stream in streams if stream.rows_at is not None and stream.rows_at <= moment}
    found = history_of({stream.pk: Wanted(1) for stream in streams if stream.pk not in tables}, moment)
    rows = rows_of(tables.values())
    return found | {
        pk: [[unix_ms(stream.rows_at), rows.get(pk, {})]] for pk, stream in tables.items() if stream.rows_at
    }


def history_of(wanted: Mapping[int, Wanted], until: datetime | None = None) -> dict[int, list[Point]]:
    """Return, by stream id, the history of some streams up to `until` (None: now), oldest first, in one statement.

    The database itself writes the points as JSON: a board has thousands, too many to make Python objects of them.
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
    """Return SQL that makes JSON of the columns `at` (as in `unix_ms`) and `value` of rows, without the brackets."""
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
    """Return a statement for the means of equal time steps, each at the time of its last sample; for numbers only."""
    if connection.vendor == "sqlite":
        epoch, number = "CAST(strftime('%%s', at) AS INTEGER)", "CAST(value AS REAL)"
    else:
        epoch, number = "CAST(EXTRACT(EPOCH FROM at) AS BIGINT)", "CAST(CAST(value AS TEXT) AS FLOAT)"
    where, values = _where((until or clock.now()) - timedelta(seconds=seconds), until)
    sql = f"SELECT MAX(at) AS at, AVG({number}) AS value {where} GROUP BY {epoch} / %s ORDER BY 1 DESC"
    return sql, [*values, wanted.step]


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
