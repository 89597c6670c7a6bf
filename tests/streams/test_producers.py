"""The producers that come with Switchboard give correct values."""

import itertools
import math
import re
from typing import Any

import psutil
import pytest

from streams.models import Stream
from streams.producers import all_producers, blotter, counter, database, host
from streams.values import check_value


def test_all_are_registered() -> None:
    assert {"counter", "cpu", "memory", "disk", "network-in", "people-online", "messages-per-minute", "blotter"} <= set(
        all_producers()
    )


async def test_the_counter_grows_by_one_to_ten_from_where_it_was() -> None:
    values = [100]
    async for value in counter.counter(100):
        values.append(value)
        if len(values) == 4:
            break
    assert all(1 <= later - earlier <= 10 for earlier, later in itertools.pairwise(values))


def test_the_host_is_measured() -> None:
    assert host.memory() == pytest.approx(psutil.virtual_memory().percent, abs=10)
    assert 0 <= host.disk() <= 100
    assert host.disk_free() > 0
    assert host.memory_used() > 0
    assert host.load() >= 0


@pytest.mark.parametrize("slug", ["memory", "disk", "load", "disk-health", "memory-health", "uptime", "memory-used"])
def test_the_host_gives_values_of_its_kind(slug: str) -> None:
    made = all_producers()[slug]
    check_value(made.kind, made.function())


@pytest.mark.django_db
def test_the_database_is_measured() -> None:
    Stream.objects.create(slug="cpu")
    tables = database.database_tables(None)
    check_value("table", tables)
    row = tables["streams_stream"]
    assert row
    assert row["rows"] == 1
    assert row["bytes"] >= 4096
    assert row["ms"] > 0
    assert database.database_size() > row["bytes"]
    assert re.fullmatch(r"\w+: [\d.]+ ms to count", database.database_slowest())


@pytest.mark.django_db
def test_a_table_that_is_gone_is_told() -> None:
    assert database.database_tables({"old_table": {"rows": 1}})["old_table"] is None


def test_a_rate_needs_two_readings_and_never_runs_backwards(monkeypatch: pytest.MonkeyPatch) -> None:
    counts, times = iter([100, 300, 250]), iter([10.0, 12.0, 13.0])
    monkeypatch.setattr("time.monotonic", lambda: next(times))
    rate = host.rate(lambda: next(counts))
    assert [rate(), rate(), rate()] == [None, 100.0, 0.0]


def test_two_readings_at_once_make_no_flood(monkeypatch: pytest.MonkeyPatch) -> None:
    counts, times = iter([100, 150, 300]), iter([10.0, 10.001, 12.0])
    monkeypatch.setattr("time.monotonic", lambda: next(times))
    rate = host.rate(lambda: next(counts))
    assert [rate(), rate(), rate()] == [None, None, 100.0]


@pytest.mark.parametrize(("percent", "level"), [(10, "ok"), (80, "warn"), (92, "crit")])
def test_health_gets_worse_as_things_fill_up(percent: float, level: str) -> None:
    assert host.health(percent, "disk", warn=80, crit=92) == {"level": level, "text": f"disk {percent} % full"}


async def test_the_blotter_begins_with_every_instrument_and_then_moves_a_few() -> None:
    batches: list[dict[str, Any]] = []
    async for rows in blotter.blotter(None):
        check_value("table", rows)
        batches.append(rows)
        if len(batches) == 3:
            break
    assert set(batches[0]) == set(blotter.OPENING)
    assert all(1 <= len(rows) <= 4 for rows in batches[1:])
    for row in batches[0].values():
        assert row["bid"] < row["last"] < row["ask"]


async def test_the_blotter_goes_on_from_the_stored_prices() -> None:
    async for rows in blotter.blotter({"NRD": {"last": 70.0}}):
        assert rows["NRD"]["last"] == 70.0
        assert rows["NRD"]["change"] == pytest.approx(70.0 - blotter.OPENING["NRD"])
        break


def test_prices_stay_where_prices_are() -> None:
    price = blotter.OPENING["CEL"]
    for _ in range(5_000):
        price = blotter.step(blotter.OPENING["CEL"], price)
        assert math.isfinite(price)
    assert blotter.OPENING["CEL"] / 2 < price < blotter.OPENING["CEL"] * 2
