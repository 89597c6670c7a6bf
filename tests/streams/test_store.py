import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from realtime.delivery.publish import Publication
from streams import store
from streams.events import unix_ms
from streams.history import Wanted, history_of
from streams.models import Sample, State, Stream, TableRow
from streams.pushed import Pushed
from streams.retention import pruning
from streams.retention.periods import THINNED
from streams.values import ROWS, WrongValue
from tests.streams_and_boards import produced_stream, pushed_stream, reading, seconds

pytestmark = pytest.mark.django_db


def told(publication: Publication) -> dict[str, Any]:
    """Return an update's data about its only stream."""
    (change,) = json.loads(publication.text)["streams"].values()
    return dict(change)


def push(stream: Stream, *values: tuple[float, Any]) -> list[Publication]:
    with transaction.atomic():
        return store.push(stream, [Pushed(value, seconds(at)) for at, value in values])


# Batches of readings


def test_a_reading_moves_the_streams_head_and_is_kept() -> None:
    cpu = produced_stream()
    recorded = store.record([reading(cpu, 41.5, at=1)])
    cpu.refresh_from_db()
    assert (cpu.seq, cpu.value, cpu.at, cpu.state) == (1, 41.5, seconds(1), State.OK)
    assert [(each.value, each.at) for each in Sample.objects.all()] == [(41.5, seconds(1))]
    (publication,) = recorded.publications
    assert (publication.topic, publication.number, publication.key) == ("stream.cpu", 1, "")
    assert told(publication)["value"] == 41.5


def test_a_batch_takes_one_seq_per_stream_and_tells_the_newest_with_the_others_folded_in() -> None:
    cpu, disk = produced_stream("cpu"), produced_stream("disk")
    recorded = store.record(
        [reading(cpu, 1, at=1), reading(disk, 70, at=1), reading(cpu, 2, at=2), reading(cpu, 3, at=3)]
    )
    changes = {publication.topic: told(publication) for publication in recorded.publications}
    assert changes["stream.cpu"]["value"] == 3
    assert changes["stream.cpu"]["merged"] == 2
    assert changes["stream.cpu"]["points"] == [[unix_ms(seconds(1)), 1], [unix_ms(seconds(2)), 2]]
    assert "merged" not in changes["stream.disk"]
    assert [change["seq"] for change in changes.values()] == [1, 1]
    assert Sample.objects.filter(stream=cpu).count() == 3


def test_seqs_follow_each_other_without_holes() -> None:
    cpu = produced_stream()
    numbers = [store.record([reading(cpu, value)]).publications[0].number for value in range(5)]
    assert numbers == [1, 2, 3, 4, 5]


def test_an_error_keeps_the_last_value() -> None:
    cpu = produced_stream()
    store.record([reading(cpu, 41, at=1)])
    (publication,) = store.record([reading(cpu, at=2, error="connection refused", retry_at=seconds(3))]).publications
    change = told(publication)
    assert (change["value"], change["state"], change["error"]) == (41, "error", "connection refused")
    assert change["at"].startswith("2026-11-21T09:00:01")
    assert change["retry_at"].startswith("2026-11-21T09:00:03")
    store.record([reading(cpu, 42, at=4)])
    cpu.refresh_from_db()
    assert (cpu.state, cpu.error, cpu.retry_at) == (State.OK, "", None)


def test_no_news_after_an_error_says_that_all_is_well() -> None:
    cpu = produced_stream()
    store.record([reading(cpu, 41), reading(cpu, error="boom")])
    (publication,) = store.record([reading(cpu)]).publications
    assert (told(publication)["state"], told(publication)["value"]) == ("ok", 41)
    assert Sample.objects.count() == 1


def test_a_token_out_of_date_writes_nothing() -> None:
    cpu, disk = produced_stream("cpu"), produced_stream("disk")
    Stream.objects.filter(pk=cpu.pk).update(fence=2)
    recorded = store.record([reading(cpu, 1, token=1), reading(disk, 70)])
    cpu.refresh_from_db()
    assert recorded.lost == {cpu.pk}
    assert [publication.topic for publication in recorded.publications] == ["stream.disk"]
    assert (cpu.seq, cpu.value) == (0, None)
    assert not Sample.objects.filter(stream=cpu).exists()


def test_an_empty_batch_is_nothing() -> None:
    assert store.record([]).publications == []


def test_a_batch_takes_few_queries(django_assert_num_queries: Any) -> None:
    streams = [produced_stream(f"s{number}") for number in range(30)]
    batch = [reading(stream, value, at=value) for value in range(10) for stream in streams]
    with django_assert_num_queries(2 + 3):  # begin and end, the heads, what they are now, the samples
        store.record(batch)
    assert set(Stream.objects.values_list("seq", "value", "at", "state")) == {(1, 9, seconds(9), "ok")}
    with django_assert_num_queries(2 + 4):  # what failed changes other fields
        store.record([*batch[1::30], reading(streams[0], error="boom")])
    assert Sample.objects.count() == 310


def test_a_number_of_a_producer_may_be_of_another_type() -> None:
    class Float64(float):  # as numpy's
        pass

    cpu = produced_stream()
    (publication,) = store.record([reading(cpu, Float64(1.5), at=1), reading(cpu, Float64(2.5), at=2)]).publications
    assert (told(publication)["value"], told(publication)["points"]) == (2.5, [[unix_ms(seconds(1)), 1.5]])
    cpu.refresh_from_db()
    assert cpu.value == 2.5


# Tables


def test_a_tables_rows_are_kept_by_key_and_told_one_by_one() -> None:
    prices = produced_stream("prices", kind="table")
    recorded = store.record([reading(prices, {"NRD": {"bid": 1}, "OSL": {"bid": 2}}, at=1)])
    assert [(item.key, item.number) for item in recorded.publications] == [("row.NRD", 1), ("row.OSL", 1)]
    assert told(recorded.publications[0])["rows"] == {"NRD": {"bid": 1}}
    store.record([reading(prices, {"OSL": {"bid": 3}}, at=2), reading(prices, {"NRD": None}, at=3)])
    assert store.rows_of([prices]) == {prices.pk: {"OSL": {"bid": 3}}}
    prices.refresh_from_db()
    assert (prices.seq, prices.value, prices.at) == (2, None, seconds(3))


def test_a_tables_error_replaces_no_row() -> None:
    prices = produced_stream("prices", kind="table")
    (publication,) = store.record([reading(prices, error="boom")]).publications
    assert publication.key == "state"
    assert (told(publication)["rows"], told(publication)["state"]) == ({}, "error")


def test_rows_that_changed_after_a_seq_are_read_back_the_removed_ones_too() -> None:
    prices = produced_stream("prices", kind="table")
    store.record([reading(prices, {"A": {"bid": 1}, "B": {"bid": 2}, "C": {"bid": 3}})])
    store.record([reading(prices, {"B": {"bid": 4}, "C": None})])
    prices.refresh_from_db()
    assert [told(item)["rows"] for item in store.changed_after(prices, 1)] == [{"B": {"bid": 4}}, {"C": None}]
    assert store.changed_after(prices, 2) == []


# Pushes


def test_a_push_moves_the_head() -> None:
    orders = pushed_stream()
    (publication,) = push(orders, (1, 10))
    assert (publication.number, told(publication)["value"]) == (1, 10)
    assert Sample.objects.count() == 1


def test_an_older_push_goes_to_history_only() -> None:
    orders = pushed_stream()
    push(orders, (10, 10))
    assert push(orders, (5, 5)) == []
    orders.refresh_from_db()
    assert (orders.seq, orders.value, orders.at) == (1, 10, seconds(10))
    assert history_of({orders.pk: Wanted(10)})[orders.pk] == [
        [unix_ms(seconds(5)), 5],
        [unix_ms(seconds(10)), 10],
    ]


def test_a_batch_of_old_and_new_tells_the_newest_and_folds_in_the_new_ones_only() -> None:
    orders = pushed_stream()
    push(orders, (10, 10))
    (publication,) = push(orders, (5, 5), (11, 11), (12, 12))
    assert (publication.number, told(publication)["value"], told(publication)["merged"]) == (2, 12, 1)
    assert told(publication)["points"] == [[unix_ms(seconds(11)), 11]]
    assert Sample.objects.count() == 4


def test_a_push_of_the_same_time_replaces() -> None:
    orders = pushed_stream()
    push(orders, (1, 10))
    (publication,) = push(orders, (1, 11))
    assert told(publication)["value"] == 11


def test_a_push_is_not_fenced_and_says_nothing_of_the_producers_health() -> None:
    cpu = produced_stream()
    Stream.objects.filter(pk=cpu.pk).update(fence=7)
    (publication,) = push(cpu, (1, 10))
    assert told(publication)["state"] == "unknown"


def test_a_pushed_table_takes_only_so_many_rows() -> None:
    prices = pushed_stream("prices", kind="table")
    push(prices, (1, {str(number): {} for number in range(ROWS)}))
    with pytest.raises(WrongValue, match="2000"):
        push(prices, (2, {"one more": {}}))
    assert TableRow.objects.count() == ROWS
    push(prices, (3, {"0": None, "one more": {}}))


# Orphans


def test_a_stream_whose_lease_ran_out_becomes_unknown_and_tells_once() -> None:
    cpu = produced_stream()
    store.record([reading(cpu, 41)])
    (publication,) = store.orphan(cpu.pk, fence=0)
    assert (told(publication)["state"], told(publication)["value"], publication.number) == ("unknown", 41, 2)
    assert store.orphan(cpu.pk, fence=0) == []


def test_a_stream_that_another_took_over_meanwhile_is_no_orphan() -> None:
    cpu = produced_stream()
    store.record([reading(cpu, 41)])
    Stream.objects.filter(pk=cpu.pk).update(fence=1)
    assert store.orphan(cpu.pk, fence=0) == []


# Pruning


def test_samples_past_their_retention_are_pruned_and_old_marks_of_removed_rows() -> None:
    cpu = produced_stream(retention=timedelta(hours=1))
    now = timezone.now()
    Sample.objects.bulk_create(
        Sample(stream=cpu, at=now - timedelta(minutes=minutes), value=minutes) for minutes in (10, 50, 70, 100)
    )
    prices = produced_stream("prices", kind="table")
    for key, value, days in (("old mark", None, 2), ("new mark", None, 0), ("old row", {"bid": 1}, 2)):
        TableRow.objects.create(stream=prices, key=key, value=value, seq=1, at=now - timedelta(days=days))
    assert pruning.prune() == 3
    assert set(Sample.objects.values_list("value", flat=True)) == {10, 50}
    assert set(TableRow.objects.values_list("key", flat=True)) == {"new mark", "old row"}


def samples_of(stream: Stream, start: datetime, values: Iterable[Any]) -> None:
    """One sample every 30 seconds: ten to a stretch of thinning."""
    Sample.objects.bulk_create(
        Sample(stream=stream, at=start + timedelta(seconds=30 * place), value=value)
        for place, value in enumerate(values)
    )


def left(stream: Stream) -> list[Any]:
    return list(Sample.objects.filter(stream=stream).order_by("at").values_list("value", flat=True))


#: Whole stretches, two days ago.
LONG_AGO = pruning.floor(timezone.now() - timedelta(days=2), THINNED)


def test_old_numbers_are_thinned_to_the_least_the_greatest_and_the_last() -> None:
    cpu = produced_stream()
    samples_of(cpu, LONG_AGO, [5, 9, 1, 5, 5, 5, 5, 5, 5, 4] + [7] * 10 + [3])
    samples_of(cpu, timezone.now() - timedelta(minutes=30), range(20))
    assert pruning.prune() == 7 + 8
    assert left(cpu) == [9, 1, 4, 7, 7, 3, *range(20)]
    assert pruning.prune() == 0


def test_other_values_are_thinned_to_the_last() -> None:
    motto = produced_stream("motto", kind="text")
    samples_of(motto, LONG_AGO, [f"motto {number}" for number in range(20)])
    pruning.prune()
    assert left(motto) == ["motto 9", "motto 19"]


def test_thinning_goes_on_where_it_stopped(django_assert_max_num_queries: Any) -> None:
    cpu = produced_stream()
    samples_of(cpu, LONG_AGO - timedelta(days=5), range(20))
    samples_of(cpu, LONG_AGO, range(20))
    pruning.prune()
    assert left(cpu) == [0, 9, 10, 19, 0, 9, 10, 19]
    with django_assert_max_num_queries(5):  # and looks at nothing twice
        pruning.prune()


def test_pushed_history_is_thinned_too() -> None:
    orders = pushed_stream()
    samples_of(orders, LONG_AGO, range(10))
    pruning.prune()
    old = [Pushed(value, LONG_AGO + timedelta(seconds=value)) for value in range(100, 110)]
    with transaction.atomic():
        store.push(orders, [*old, Pushed(1, timezone.now())])
    pruning.prune()
    assert left(orders) == [0, 109, 9, 1]


def test_a_long_history_is_thinned_in_one_go() -> None:
    cpu = produced_stream(raw_for=timedelta(hours=1), thinned_until=None)
    samples_of(cpu, LONG_AGO, range(3_000))
    pruning.prune()
    assert len(left(cpu)) == 3_000 // 10 * 2


def test_a_stream_is_deleted_with_everything_of_it_some_samples_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "AT_ONCE", 2)
    cpu, disk = produced_stream("cpu"), produced_stream("disk")
    store.record([reading(disk, 70), *(reading(cpu, value, at=value) for value in range(1, 6))])
    with CaptureQueriesContext(connection) as asked:
        store.delete(cpu)
    emptied = [each["sql"] for each in asked if each["sql"].startswith('DELETE FROM "streams_sample"')]
    assert len([sql for sql in emptied if '"id" IN' in sql]) == 3
    assert list(Stream.objects.values_list("slug", flat=True)) == ["disk"]
    assert Sample.objects.count() == 1
