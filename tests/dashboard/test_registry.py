import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dashboard.producers.registry import Producer, all_producers, next_moment, producer
from dashboard.values import Kind

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


def test_files_in_the_folder_of_producers_are_found(
    no_producers: dict[str, Producer], settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings.PRODUCERS_DIR = tmp_path
    (tmp_path / "broken_one.py").write_text("1 / 0")
    (tmp_path / "_private.py").write_text("1 / 0")
    (tmp_path / "fine_one.py").write_text(
        "from dashboard.producers import producer\n\n@producer('fine', every=1)\ndef fine():\n    return 1\n"
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
    from dashboard.producers import blotter, chat, counter, host  # noqa: F401 - loaded before the registry was emptied

    assert all_producers() == {}
