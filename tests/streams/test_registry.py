import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from streams.producers.registry import Producer, all_producers, next_moment, producer
from streams.values import Kind

pytestmark = pytest.mark.usefixtures("no_producers")


def test_a_function_becomes_the_producer_of_a_stream(no_producers: dict[str, Producer]) -> None:
    @producer("answer", every=2, label="Answer", unit="%")
    def answer() -> int:
        return 42

    made = no_producers["answer"]
    assert answer() == 42
    assert (made.slug, made.every, made.kind, made.unit) == ("answer", 2, Kind.NUMBER, "%")
    assert (made.is_blocking, made.is_generator, made.wants_last) == (True, False, False)


def test_its_value_is_old_after_three_intervals_but_not_before_five_seconds(no_producers: dict[str, Producer]) -> None:
    producer("often", every=1)(lambda: 1)
    producer("rarely", every=60)(lambda: 1)
    producer("own", every=60, stale_after=90)(lambda: 1)
    assert [no_producers[slug].stale_after for slug in ("often", "rarely", "own")] == [5, 180, 90]


def test_an_asynchronous_generator_chooses_its_own_moments(no_producers: dict[str, Producer]) -> None:
    @producer("ticks")
    async def ticks(last: Any) -> AsyncIterator[int]:
        yield (last or 0) + 1

    made = no_producers["ticks"]
    assert (made.every, made.is_generator, made.is_blocking, made.wants_last) == (None, True, False, True)


async def coroutine() -> int:
    return 1


async def generator() -> AsyncIterator[int]:
    yield 1


@pytest.mark.parametrize(
    ("function", "options"),
    [
        (coroutine, {}),
        (generator, {"every": 2}),
        (generator, {"cron": "* * * * *"}),
        (lambda: 1, {}),
        (lambda: 1, {"every": 2, "cron": "* * * * *"}),
        (lambda: 1, {"every": 0}),
        (lambda: 1, {"cron": "every day"}),
        (lambda last, more: 1, {"every": 2}),
        (lambda: 1, {"every": 2, "kind": "numbers"}),
    ],
)
def test_what_makes_no_sense_is_refused(function: Any, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="producer 'odd'"):
        producer("odd", **options)(function)


def test_a_cron_expression_tells_when_a_value_is_old(no_producers: dict[str, Producer]) -> None:
    producer("weekdays", cron="0 9 * * 1-5")(lambda: 1)
    weekend = 3 * 24 * 3600
    assert weekend < no_producers["weekdays"].stale_after < weekend * 1.2


def test_the_next_moment_of_a_cron_expression_is_in_utc() -> None:
    friday = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    assert next_moment("0 9 * * 1-5", friday) == datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def moments(cron: str, first: datetime, zone: str = "Europe/Oslo") -> list[str]:
    """Return the next three moments after `first`, as UTC."""
    found = []
    for _ in range(3):
        first = next_moment(cron, first, zone)
        found.append(f"{first:%d %H:%M}")
    return found


#: The nights on which clocks in Oslo went from 2:00 to 3:00, and from 3:00 back to 2:00; both at 1:00 UTC.
SPRING, AUTUMN = datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)


def test_a_cron_expression_speaks_of_local_time_through_the_change_of_clocks() -> None:
    assert moments("0 9 * * *", SPRING) == ["29 07:00", "30 07:00", "31 07:00"]  # the day before it was 8:00
    assert moments("0 9 * * *", AUTUMN) == ["25 08:00", "26 08:00", "27 08:00"]


def test_what_falls_into_the_hour_that_is_not_there_runs_right_after_it() -> None:
    assert moments("30 2 * * *", SPRING) == ["29 01:00", "30 00:30", "31 00:30"]


def test_what_falls_into_the_hour_that_comes_twice_runs_once() -> None:
    assert moments("30 2 * * *", AUTUMN) == ["25 00:30", "26 01:30", "27 01:30"]


def test_what_runs_every_hour_goes_on_through_the_change_of_clocks() -> None:
    for night in (SPRING, AUTUMN):
        assert [each[3:] for each in moments("30 * * * *", night.replace(hour=23))] == ["23:30", "00:30", "01:30"]


def test_a_producer_has_its_own_time_zone_or_the_sites(no_producers: dict[str, Producer], settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Oslo"
    producer("here", cron="0 9 * * *")(lambda: 1)
    producer("there", cron="0 9 * * *", zone="Asia/Tokyo")(lambda: 1)
    assert [no_producers[slug].zone for slug in ("here", "there")] == ["Europe/Oslo", "Asia/Tokyo"]
    with pytest.raises(ValueError, match="There is no time zone 'Oslo'"):
        producer("nowhere", cron="0 9 * * *", zone="Oslo")(lambda: 1)


def test_files_in_the_folder_of_producers_are_found(
    no_producers: dict[str, Producer], settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings.PRODUCERS_DIR = tmp_path
    (tmp_path / "broken_one.py").write_text("1 / 0")
    (tmp_path / "_private.py").write_text("1 / 0")
    (tmp_path / "fine_one.py").write_text(
        "from streams.producers import producer\n\n@producer('fine', every=1)\ndef fine():\n    return 1\n"
    )
    try:
        assert list(all_producers()) == ["fine"]
        assert list(all_producers()) == ["fine"]  # and loaded once
    finally:
        sys.modules.pop("producers.fine_one")
    assert "broken_one.py cannot be imported" in caplog.text
    assert "_private" not in caplog.text


def test_two_producers_for_one_stream_are_refused() -> None:
    producer("answer", every=1)(lambda: 1)

    def other() -> int:
        return 2

    with pytest.raises(ValueError, match="Two producers"):
        producer("answer", every=1)(other)


def test_those_that_come_with_switchboard_are_found() -> None:
    from streams.producers import blotter, chat, counter, host  # noqa: F401 - loaded before the registry was emptied

    assert all_producers() == {}


def test_a_kind_may_be_a_word(no_producers: dict[str, Producer]) -> None:
    producer("prices", every=1, kind="table")(lambda: {})
    assert no_producers["prices"].kind is Kind.TABLE
