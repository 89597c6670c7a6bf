from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from boards.edits import STREAMS, TILES
from realtime.wire.protocol import timestamp
from streams import store
from streams.events import unix_ms
from streams.history import Wanted, gap, heads_at, history_of
from streams.models import Sample, Stream
from streams.pushed import Pushed
from streams.retention import pruning
from streams.retention.periods import THINNED
from streams.store import SNAPSHOT_EVERY
from tests.streams_and_boards import START, produced_stream, pushed_stream, reading, seconds

pytestmark = pytest.mark.django_db


def test_history_is_the_newest_points_oldest_first_for_many_streams_in_one_query(
    django_assert_num_queries: Any,
) -> None:
    cpu, disk, idle = produced_stream("cpu"), produced_stream("disk"), produced_stream("idle")
    store.record([reading(cpu, value, at=value) for value in range(20)] + [reading(disk, 70, at=1)])
    with django_assert_num_queries(1):
        history = history_of(dict.fromkeys((cpu.pk, disk.pk, idle.pk), Wanted(3)))
    assert [value for _, value in history[cpu.pk]] == [17, 18, 19]
    assert history[disk.pk] == [[unix_ms(seconds(1)), 70]]
    assert history[idle.pk] == []


def test_a_point_has_the_time_of_its_update_to_the_millisecond() -> None:
    cpu = produced_stream()
    times = [seconds(microseconds / 1_000_000) for microseconds in (0, 499, 500, 1_000, 1_500, 59_999_999, 61_000_500)]
    store.record([reading(cpu, number, at=(at - START).total_seconds()) for number, at in enumerate(times)])
    (history,) = history_of({cpu.pk: Wanted(10)}).values()
    assert history == [[unix_ms(at), number] for number, at in enumerate(times)]
    said = [datetime.fromisoformat(timestamp(at)) for at in times]
    assert [unix_ms(at) for at in said] == [at for at, _ in history]


def test_samples_of_the_same_time_stay_in_order() -> None:
    cpu = produced_stream()
    for value in range(5):
        store.record([reading(cpu, value, at=1)])
    (history,) = history_of({cpu.pk: Wanted(3)}).values()
    assert [value for _, value in history] == [2, 3, 4]


def test_the_history_of_many_streams_is_one_query(django_assert_num_queries: Any) -> None:
    Stream.objects.bulk_create(Stream(slug=f"s{number}") for number in range(TILES * STREAMS))
    streams = list(Stream.objects.order_by("pk"))
    Sample.objects.bulk_create(Sample(stream=stream, at=seconds(0), value=stream.pk) for stream in streams)
    wanted = {stream.pk: Wanted(300 - stream.pk % TILES) for stream in streams}
    with django_assert_num_queries(1):
        history = history_of(wanted)
    assert history == {stream.pk: [[unix_ms(seconds(0)), stream.pk]] for stream in streams}


def test_a_line_breaks_when_its_value_was_old_but_not_between_means_or_what_thinning_has_left() -> None:
    cpu = produced_stream(stale_after=45.0)
    points = [[unix_ms(seconds(60)), 1], [unix_ms(seconds(90)), 2]]
    assert gap(cpu, Wanted(300), points) == gap(cpu, Wanted(300), []) == 45
    assert gap(cpu, Wanted(300, 3600), points) == 45, "means of 12 s"
    assert gap(cpu, Wanted(300, 86_400), points) == 2 * 288, "two neighbours may be nearly two steps apart"
    cpu.thinned_until = seconds(60)
    assert gap(cpu, Wanted(300), points) == 45, "all of it is whole"
    cpu.thinned_until = seconds(75)
    assert gap(cpu, Wanted(300), points) == 600


# What a table had


def rows_at(table: Stream, at: float) -> Any:
    """Return the rows of `table` this many seconds after the start; None when it had none yet."""
    table.refresh_from_db()
    (head,) = heads_at([table], seconds(at)).values()
    return head[-1][1] if head else None


def changed(table: Stream, *changes: tuple[float, Any]) -> None:
    for at, rows in changes:
        store.record([reading(table, rows, at=at)])


def test_a_tables_rows_are_as_they_were() -> None:
    prices = produced_stream("prices", kind="table")
    changed(
        prices, (0, {"A": {"bid": 1}, "B": {"bid": 1}}), (60, {"A": {"bid": 2}}), (3600, {"B": None, "C": {"bid": 3}})
    )
    assert [rows_at(prices, at) for at in (-1, 0, 59)] == [None, *[{"A": {"bid": 1}, "B": {"bid": 1}}] * 2]
    assert [rows_at(prices, at) for at in (60, 3599)] == [{"A": {"bid": 2}, "B": {"bid": 1}}] * 2
    assert [rows_at(prices, at) for at in (3600, 10**6)] == [{"A": {"bid": 2}, "C": {"bid": 3}}] * 2
    assert heads_at([prices], seconds(100)) == {prices.pk: [[unix_ms(seconds(60)), rows_at(prices, 100)]]}


def test_what_changes_all_the_time_is_kept_now_and_then() -> None:
    prices = produced_stream("prices", kind="table")
    changed(prices, *((number / 5, {"A": {"bid": number}}) for number in range(5 * 60)))
    assert Sample.objects.count() == 6
    for at in range(1, 60):
        assert rows_at(prices, at)["A"]["bid"] / 5 > at - SNAPSHOT_EVERY.total_seconds() - 1


def test_large_tables_are_kept_more_seldom() -> None:
    prices = produced_stream("prices", kind="table")
    changed(prices, (0, {str(number): {"text": "x" * 100} for number in range(1000)}))  # some 120 kB
    changed(prices, *((10 * number, {"A": {"bid": number}}) for number in range(1, 61)))
    assert Sample.objects.count() == 5


def test_the_last_of_many_quick_changes_is_kept_however_long_nothing_follows() -> None:
    prices = produced_stream("prices", kind="table")
    changed(prices, (0, {"A": {"bid": 0}}), (1, {"A": {"bid": 1}}), (2, {"A": {"bid": 2}}), (86_400, {"A": {"bid": 3}}))
    assert rows_at(prices, 80_000) == {"A": {"bid": 2}}


def test_a_table_that_stays_as_it_is_takes_no_room() -> None:
    prices = produced_stream("prices", kind="table")
    changed(prices, (0, {"A": {"bid": 0}}), *((60 * number, {}) for number in range(1, 20)))
    assert not Sample.objects.exists()
    assert rows_at(prices, 300) == {"A": {"bid": 0}}
    assert heads_at([prices], seconds(300))[prices.pk][0][0] == unix_ms(START)


def test_an_empty_table_was_empty() -> None:
    prices = produced_stream("prices", kind="table")
    changed(prices, (0, {"A": {"bid": 0}}), (60, {"A": None}), (120, {"A": {"bid": 1}}))
    assert [rows_at(prices, at) for at in (0, 60, 120)] == [{"A": {"bid": 0}}, {}, {"A": {"bid": 1}}]


def test_pushed_tables_have_a_past_too() -> None:
    prices = pushed_stream("prices", kind="table")
    for at, bid in ((0, 0), (60, 1), (120, 2)):
        with transaction.atomic():
            store.push(prices, [Pushed({"A": {"bid": bid}}, seconds(at))])
    assert [rows_at(prices, at)["A"]["bid"] for at in (30, 90, 120)] == [0, 1, 2]


def test_what_many_streams_had_is_two_queries(django_assert_num_queries: Any) -> None:
    tables = [produced_stream(f"t{number}", kind="table") for number in range(20)]
    cpu = produced_stream()
    store.record([reading(table, {"A": {"bid": 1}}, at=1) for table in tables] + [reading(cpu, 41, at=1)])
    store.record([reading(table, {"A": {"bid": 2}}, at=60) for table in tables[:10]])
    streams = list(Stream.objects.all())
    with django_assert_num_queries(2):
        heads = heads_at(streams, seconds(30))
    assert {stream.slug: heads[stream.pk][0][1] for stream in streams} == {
        "cpu": 41,
        **{table.slug: {"A": {"bid": 1}} for table in tables},
    }


def test_the_rows_that_held_when_the_kept_time_began_are_kept_as_long_as_it() -> None:
    prices = produced_stream("prices", kind="table", retention=timedelta(hours=1))
    now = timezone.now()
    for hours in (5, 3, 0.5):
        Sample.objects.bulk_create(
            [Sample(stream=prices, at=now - timedelta(hours=hours), value={"A": {"bid": hours}})]
        )
    assert pruning.prune() == 1
    prices.refresh_from_db()
    assert heads_at([prices], now - timedelta(minutes=50))[prices.pk][0][1] == {"A": {"bid": 3}}


def test_a_tables_past_is_thinned_to_the_last_of_five_minutes() -> None:
    prices = produced_stream("prices", kind="table")
    start = pruning.floor(timezone.now() - timedelta(days=2), THINNED)
    Sample.objects.bulk_create(
        Sample(stream=prices, at=start + timedelta(seconds=10 * number), value={"A": {"bid": number}})
        for number in range(60)
    )
    pruning.prune()
    assert [sample.value["A"]["bid"] for sample in Sample.objects.order_by("at")] == [29, 59]
