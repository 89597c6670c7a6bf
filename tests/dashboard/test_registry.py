from collections.abc import AsyncIterator
from typing import Any

import pytest

from dashboard.producers.registry import Producer, all_producers, producer
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
    ("function", "every"), [(coroutine, None), (generator, 2.0), (lambda: 1, None), (lambda last, more: 1, 2.0)]
)
def test_what_makes_no_sense_is_refused(function: Any, every: float | None) -> None:
    with pytest.raises(ValueError, match="producer 'odd'"):
        producer("odd", every=every)(function)


def test_two_producers_for_one_stream_are_refused() -> None:
    producer("answer", every=1)(lambda: 1)

    def other() -> int:
        return 2

    with pytest.raises(ValueError, match="Two producers"):
        producer("answer", every=1)(other)


def test_those_that_come_with_switchboard_are_found() -> None:
    from dashboard.producers import blotter, chat, counter, host  # noqa: F401 - loaded before the registry was emptied

    assert all_producers() == {}
