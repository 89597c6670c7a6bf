import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from harness.client import eventually
from streams.producers.registry import Producer, producer
from streams.producing import running
from streams.producing.running import reason, run
from streams.threads import ThreadsOnDemand
from streams.values import ROWS, Kind, Reading


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "PAUSE", 0.01)


@pytest.fixture
def threads() -> Iterator[ThreadsOnDemand]:
    with ThreadsOnDemand("producer") as executor:
        yield executor


Made = Callable[..., Producer]


@pytest.fixture
def made(no_producers: dict[str, Producer]) -> Made:
    def make(function: Any, **options: Any) -> Producer:
        producer("it", **options)(function)
        return no_producers["it"]

    return make


@asynccontextmanager
async def running_of(made: Producer, threads: ThreadsOnDemand, last: Any = None) -> AsyncIterator[list[Reading]]:
    said: list[Reading] = []

    async def say(something: Reading) -> None:
        said.append(something)

    task = asyncio.create_task(run(made, last, say, threads))
    try:
        yield said
    finally:
        task.cancel()


async def test_a_function_is_run_again_and_again_in_a_thread(made: Made, threads: ThreadsOnDemand) -> None:
    names = []

    def work() -> int:
        names.append(threading.current_thread().name)
        return len(names)

    async with running_of(made(work, every=0.01), threads) as said:
        await eventually(lambda: len(said) >= 3)
    assert [each.value for each in said[:3]] == [1, 2, 3]
    assert threading.current_thread().name not in names


@pytest.mark.parametrize("is_generator", [False, True])
async def test_coroutines_have_a_loop_of_their_own_that_stays(
    made: Made, threads: ThreadsOnDemand, is_generator: bool
) -> None:
    loops = []

    async def work() -> int:
        loops.append(asyncio.get_running_loop())
        return 1

    async def generator() -> AsyncIterator[int]:
        yield await work()

    function = made(generator) if is_generator else made(work, every=0.01)
    async with running_of(function, threads):
        await eventually(lambda: len(loops) >= 3)
    assert set(loops) == {loops[0]}
    assert loops[0] is not asyncio.get_running_loop()
    await eventually(lambda: loops[0].is_closed())


async def test_a_coroutine_that_waits_without_await_holds_nobody_up(made: Made, threads: ThreadsOnDemand) -> None:
    free = threading.Event()

    async def work() -> int:
        free.wait(10)
        return 1

    async with running_of(made(work, every=0.01, patience=0.05), threads) as said:
        began = asyncio.get_running_loop().time()
        await eventually(lambda: len(said) >= 2)
        assert asyncio.get_running_loop().time() - began < 5
        assert {each.error for each in said} == {"no answer within 0.05 s"}
        free.set()
        await eventually(lambda: any(each.value == 1 for each in said))


async def test_a_generator_that_is_stopped_ends_its_work(made: Made, threads: ThreadsOnDemand) -> None:
    ended = threading.Event()

    async def count() -> AsyncIterator[int]:
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with running_of(made(count), threads) as said:
        await eventually(lambda: any(each.value == 1 for each in said))
        assert not ended.is_set()
    await eventually(ended.is_set)


async def test_what_a_generator_has_yielded_is_said_though_it_is_stopped(made: Made, threads: ThreadsOnDemand) -> None:
    yielding, go_on = threading.Event(), threading.Event()

    async def count() -> AsyncIterator[int]:
        yielding.set()
        go_on.wait(10)
        yield 1

    said: list[Reading] = []

    async def say(something: Reading) -> None:
        said.append(something)

    task = asyncio.create_task(run(made(count), None, say, threads))
    await asyncio.to_thread(yielding.wait, 10)
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.wait({task})
    assert [each.value for each in said] == [None, 1]


async def test_a_generator_goes_on_from_the_stored_value(made: Made, threads: ThreadsOnDemand) -> None:
    async def count(last: Any) -> AsyncIterator[int]:
        yield last + 1
        yield last + 2

    async with running_of(made(count), threads, last=10) as said:
        await eventually(lambda: len(said) >= 5)
    assert [each.value for each in said[:5]] == [None, 11, 12, 13, 14]  # it ended and began again


async def test_a_table_goes_on_from_all_its_rows(made: Made, threads: ThreadsOnDemand) -> None:
    seen: list[Any] = []

    async def rows(last: Any) -> dict[str, Any]:
        seen.append(last)
        return {"A": {"n": len(seen)}} if len(seen) == 1 else {"B": None}

    async with running_of(made(rows, every=0.01, kind=Kind.TABLE), threads, last={"B": {"n": 0}}):
        await eventually(lambda: len(seen) >= 3)
    assert seen[:3] == [{"B": {"n": 0}}, {"A": {"n": 1}, "B": {"n": 0}}, {"A": {"n": 1}}]


async def test_an_exception_is_said_in_short_logged_in_full_and_tried_again(
    made: Made, threads: ThreadsOnDemand, caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[int] = []

    def work() -> int:
        calls.append(1)
        if len(calls) < 3:
            raise ConnectionRefusedError(111, "Connection refused")
        return 5

    async with running_of(made(work, every=0.01), threads) as said:
        await eventually(lambda: len(said) >= 3)
    assert [each.error for each in said[:3]] == ["Connection refused", "Connection refused", ""]
    assert said[0].retry_at is not None
    assert said[0].retry_at > said[0].at
    assert said[2].value == 5
    # The same trouble is told in one line.
    assert ["Traceback" in each for each in caplog.messages if "failed" in each] == [True, False]


async def test_pauses_grow_while_it_fails_and_are_short_again_after_a_success(
    made: Made, threads: ThreadsOnDemand
) -> None:
    async def generator() -> AsyncIterator[int]:
        raise OSError("no")
        yield 1

    async with running_of(made(generator), threads) as said:
        await eventually(lambda: len(said) >= 5)
    waits = [(each.retry_at - each.at).total_seconds() for each in said if each.retry_at]
    assert len(waits) >= 4
    assert waits[3] > waits[0] * 4


async def test_no_news_says_nothing_except_that_all_is_well_again(made: Made, threads: ThreadsOnDemand) -> None:
    calls: list[int] = []

    async def work() -> int | None:
        calls.append(1)
        if len(calls) == 2:
            raise OSError("no")
        return None

    async with running_of(made(work, every=0.01), threads) as said:
        await eventually(lambda: len(calls) >= 5)
    assert [(each.value, each.error) for each in said] == [(None, ""), (None, "no"), (None, "")]


async def test_a_value_of_another_kind_is_an_error(made: Made, threads: ThreadsOnDemand) -> None:
    async with running_of(made(lambda: "five", every=0.01), threads) as said:
        await eventually(lambda: said)
    assert "finite number" in said[0].error


async def test_a_run_that_takes_too_long_is_said_and_never_overlapped(made: Made, threads: ThreadsOnDemand) -> None:
    free = threading.Event()
    calls: list[int] = []

    def work() -> int:
        calls.append(1)
        free.wait(10)
        return 1

    async with running_of(made(work, every=0.01, patience=0.05), threads) as said:
        await eventually(lambda: said)
        assert said[0].error == "no answer within 0.05 s"
        assert len(calls) == 1
        free.set()
        await eventually(lambda: any(each.value == 1 for each in said))


async def test_a_coroutine_that_takes_too_long_is_stopped(made: Made, threads: ThreadsOnDemand) -> None:
    async def work() -> int:
        await asyncio.Event().wait()
        return 1

    async with running_of(made(work, every=0.01, patience=0.05), threads) as said:
        await eventually(lambda: len(said) >= 2)
    assert said[0].error == "no answer within 0.05 s"


async def test_a_time_out_of_its_own_keeps_its_own_words(made: Made, threads: ThreadsOnDemand) -> None:
    async def work() -> int:
        raise TimeoutError("the shop is slow")

    async with running_of(made(work, every=0.01), threads) as said:
        await eventually(lambda: said)
    assert said[0].error == "the shop is slow"


class Wordless(Exception):
    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize("way", ["function", "coroutine", "generator"])
@pytest.mark.parametrize(
    ("error", "text"),
    [
        (SystemExit("bye"), "bye"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (BaseException("odd"), "odd"),
        (asyncio.CancelledError(), "CancelledError"),
        (StopIteration(), "StopIteration"),
        (Wordless(), "Wordless"),
        (ValueError("a\0b \ud800"), "a b  "),
        (ValueError("x" * 10_000_000), "x" * 120),
    ],
)
async def test_whatever_a_producer_raises_it_fails_alone(
    made: Made, threads: ThreadsOnDemand, way: str, error: BaseException, text: str
) -> None:
    def blocking() -> int:
        raise error

    async def coroutine() -> int:
        raise error

    async def generator() -> AsyncIterator[int]:
        raise error
        yield 1

    work = {"function": blocking, "coroutine": coroutine, "generator": generator}[way]
    async with running_of(made(work, **({} if way == "generator" else {"every": 0.01})), threads) as said:
        await eventually(lambda: len([each for each in said if each.error]) >= 2)
    errors = [each.error for each in said if each.error][:2]
    if isinstance(error, StopIteration) and way != "function":
        assert "StopIteration" in errors[0]  # in Python's words
    else:
        assert errors == [text, text]


async def test_a_long_error_does_not_fill_the_log(
    made: Made, threads: ThreadsOnDemand, caplog: pytest.LogCaptureFixture
) -> None:
    def work() -> int:
        raise ValueError("x" * 10_000_000)

    async with running_of(made(work, every=0.01), threads) as said:
        await eventually(lambda: said)
    assert "Traceback" in caplog.messages[0]
    assert len(caplog.messages[0]) < 2 * running.TRACE


async def test_a_flood_is_made_to_wait_and_loses_nothing(
    made: Made, threads: ThreadsOnDemand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "BURST", 50)
    seconds, looks = 0.0, 0

    def monotonic() -> float:
        nonlocal looks
        looks += 1
        return seconds

    monkeypatch.setattr(running, "time", SimpleNamespace(monotonic=monotonic))

    async def flood() -> AsyncIterator[int]:
        number = 0
        while True:
            number += 1
            yield number

    async with running_of(made(flood), threads) as said:
        # One is said and waits, with the clock.
        for seconds, most in ((0.0, 51), (0.25, 76), (0.5, 101)):  # noqa: B007 - it is what the clock shows
            await eventually(lambda: len(said) >= most)  # noqa: B023 - called at once
            seen = looks
            await eventually(lambda: looks >= seen + 5)  # noqa: B023
            assert len(said) == most
    assert [each.value for each in said[1:]] == list(range(1, len(said)))


async def test_numbers_of_other_types_count(made: Made, threads: ThreadsOnDemand) -> None:
    async with running_of(made(lambda: Decimal("1.50"), every=0.01), threads) as said:
        await eventually(lambda: said)
    assert (said[0].value, type(said[0].value)) == (1.5, float)


async def test_a_table_that_grows_without_end_is_an_error(made: Made, threads: ThreadsOnDemand) -> None:
    calls: list[int] = []

    def grow() -> dict[str, Any]:
        calls.append(1)
        return {f"{len(calls)}-{number}": {} for number in range(ROWS // 2)}

    async with running_of(made(grow, every=0.01, kind=Kind.TABLE), threads) as said:
        await eventually(lambda: len(said) >= 3)
    assert [each.error for each in said[:2]] == ["", ""]
    assert said[2].error.startswith("A table has up to 2000 rows")


async def _rarely() -> AsyncIterator[int]:
    await asyncio.Event().wait()
    yield 1


@pytest.mark.parametrize(("function", "options"), [(_rarely, {}), (lambda: 1, {"cron": "0 0 1 1 *"})])
async def test_who_gives_values_rarely_says_at_once_that_it_is_there(
    made: Made, threads: ThreadsOnDemand, function: Any, options: dict[str, str]
) -> None:
    async with running_of(made(function, **options), threads) as said:
        await eventually(lambda: said)
        assert [(each.value, each.error) for each in said] == [(None, "")]


async def test_cron_names_the_moments(made: Made, threads: ThreadsOnDemand, monkeypatch: pytest.MonkeyPatch) -> None:
    moments: list[str] = []

    def soon(cron: str, now: Any, zone: str) -> Any:
        moments.append(cron)
        return now + timedelta(seconds=0.02)

    monkeypatch.setattr(running, "next_moment", soon)
    began = timezone.now()
    async with running_of(made(lambda: 1, cron="*/5 * * * *"), threads) as said:
        await eventually(lambda: len(said) >= 3)
    assert [each.value for each in said[:3]] == [None, 1, 1]
    assert said[1].at >= began + timedelta(seconds=0.02)
    assert set(moments) == {"*/5 * * * *"}


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (ValueError(), "ValueError"),
        (ValueError("first\nsecond"), "first"),
        (ValueError("postgres://ada:secret@db/x is away"), "postgres://…@db/x is away"),
        (ValueError("x" * 500), "x" * 120),
    ],
)
def test_a_reason_is_short_and_tells_no_password(error: Exception, text: str) -> None:
    assert reason(error) == text


def test_moments_that_passed_meanwhile_are_left_out() -> None:
    assert running.until_next(began=100.0, now=100.5, every=2) == 1.5
    assert running.until_next(began=100.0, now=105.0, every=2) == 1.0
