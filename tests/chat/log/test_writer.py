"""The writer: everything queued goes into one transaction, nothing is lost, and no change blocks the others."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import InterfaceError, OperationalError, connections

from chat.log import messages, pages, store, writer
from chat.log.changes import Change
from chat.log.store import Result
from chat.log.writer import Writer
from chat.models import Message
from harness.client import PATIENCE
from realtime.delivery.publish import Publication
from realtime.storage.database import in_database
from realtime.wire.protocol import CommandError
from tests.team import Team, says

Apply = Callable[[Sequence[Change]], Result]


class Store:
    """Wraps the real store: counts batches, delays them, and fails as told."""

    def __init__(self, apply: Apply) -> None:
        self.apply = apply
        self.batches: list[int] = []
        self.threads: list[str] = []
        self.open = threading.Event()
        self.open.set()
        self.entered = threading.Event()
        self.before: Callable[[Sequence[Change]], None] = lambda changes: None
        self.after: Callable[[Sequence[Change]], None] = lambda changes: None

    def __call__(self, changes: Sequence[Change]) -> Result:
        self.batches.append(len(changes))
        self.threads.append(threading.current_thread().name)
        self.entered.set()
        assert self.open.wait(PATIENCE)
        self.before(changes)
        result = self.apply(changes)
        self.after(changes)
        return result


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Store:
    found = Store(store.apply)
    monkeypatch.setattr(store, "apply", found)
    return found


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of what was published in `kitchen`, in order."""
    numbers: list[int] = []

    async def publish(publications: Iterable[Publication]) -> None:
        numbers.extend(each.number for each in publications)

    monkeypatch.setattr(writer, "publish", publish)
    monkeypatch.setattr(writer, "announce", lambda rooms, news: None)
    return numbers


@pytest.fixture
async def pen(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Writer]:
    monkeypatch.setattr(writer, "RETRIES", (0.0, 0.0))
    found = Writer()
    yield found
    await found.close()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes all time limits short."""
    monkeypatch.setattr(writer, "RETRIES", (0.01,))
    monkeypatch.setattr(writer, "PATIENCE", 0.2)
    monkeypatch.setattr(writer, "LOOK", 0.05)


async def settled(futures: Iterable["asyncio.Future[Any]"]) -> list[Any]:
    """Wait for all, and return their seq, or the code of their error."""
    found: list[Any] = await asyncio.wait_for(asyncio.gather(*futures, return_exceptions=True), PATIENCE)
    assert all(isinstance(each, CommandError) or hasattr(each, "seq") for each in found), found
    return [each.code if isinstance(each, CommandError) else each.seq for each in found]


async def enter_store(watched: Store) -> None:
    assert await asyncio.get_running_loop().run_in_executor(None, watched.entered.wait, PATIENCE)


async def test_with_nothing_queued_a_change_is_written_at_once(
    team: Team, pen: Writer, watched: Store, published: list[int]
) -> None:
    assert await settled([pen.submit(says(team.kitchen, team.alice))]) == [1]
    assert await settled([pen.submit(says(team.kitchen, team.alice))]) == [2]
    assert watched.batches == [1, 1]


async def test_whatever_queued_meanwhile_goes_into_one_transaction_in_order(
    team: Team, pen: Writer, watched: Store, published: list[int]
) -> None:
    watched.open.clear()
    first = pen.submit(says(team.kitchen, team.alice))
    await enter_store(watched)
    rest = [pen.submit(says(team.kitchen, team.bob, str(number))) for number in range(2, 40)]
    assert not first.done()
    watched.open.set()
    assert await settled([first, *rest]) == list(range(1, 40))
    assert watched.batches == [1, 38]
    await pen.flush()
    assert published == list(range(1, 40))


async def test_where_several_come_together_the_first_waits_for_the_others(
    team: Team, pen: Writer, watched: Store, published: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "GATHER", 0.1)
    await settled([pen.submit(says(team.kitchen, team.alice, str(number))) for number in (1, 2)])
    first = pen.submit(says(team.kitchen, team.alice, "3"))
    await asyncio.sleep(0.02)
    await settled([first, pen.submit(says(team.kitchen, team.bob, "4"))])
    await settled([pen.submit(says(team.kitchen, team.alice, "5"))])
    monkeypatch.setattr(writer, "GATHER", 60.0)
    await settled([pen.submit(says(team.kitchen, team.alice, "6"))])
    assert watched.batches == [2, 2, 1, 1]


async def test_it_knows_in_which_rooms_something_is_coming(team: Team, pen: Writer, watched: Store) -> None:
    watched.open.clear()
    first = pen.submit(says(team.kitchen, team.alice))
    await enter_store(watched)
    second = pen.submit(says(team.attic, team.alice))
    assert pen.is_writing(team.kitchen.pk)
    assert pen.is_writing(team.attic.pk)
    watched.open.set()
    await settled([first, second])
    await pen.flush()
    assert not pen.is_writing(team.kitchen.pk)
    assert not pen.is_writing(team.attic.pk)


async def test_a_batch_has_an_end(
    team: Team, pen: Writer, watched: Store, published: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "BATCH", 10)
    futures = [pen.submit(says(team.kitchen, team.alice)) for _ in range(25)]
    assert await settled(futures) == list(range(1, 26))
    assert watched.batches == [10, 10, 5]


async def test_what_may_not_be_is_answered_alone(team: Team, pen: Writer, watched: Store, published: list[int]) -> None:
    changes = [says(team.kitchen, team.alice), says(team.attic, team.charlie), says(team.kitchen, team.bob)]
    assert await settled(map(pen.submit, changes)) == [1, "forbidden", 2]
    assert watched.batches == [3]


@pytest.mark.parametrize("poison", ["\ud800", None], ids=["text that no database takes", "what breaks a rule"])
async def test_what_cannot_be_written_fails_alone(
    team: Team, pen: Writer, watched: Store, published: list[int], poison: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    posts = [says(team.kitchen, team.alice, str(number)) for number in range(3)]
    posts[1] = replace(posts[1], body=poison)  # type: ignore[arg-type]
    assert await settled(map(pen.submit, posts)) == [1, "internal", 2]
    assert "Could not write 1 changes" in caplog.text
    await pen.flush()
    assert published == [1, 2]
    assert await Message.objects.acount() == 2


async def test_more_than_the_queue_holds_is_told_to_come_back(
    team: Team, pen: Writer, watched: Store, published: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "QUEUE", 3)
    watched.open.clear()
    first = pen.submit(says(team.kitchen, team.alice))
    await enter_store(watched)
    queued = [pen.submit(says(team.kitchen, team.alice)) for _ in range(3)]
    with pytest.raises(CommandError) as caught:
        pen.submit(says(team.kitchen, team.alice))
    assert caught.value.code == "busy"
    assert caught.value.retry_after
    watched.open.set()
    assert await settled([first, *queued]) == [1, 2, 3, 4], "and none of the others is lost"


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
async def test_a_database_that_goes_away_is_tried_again(
    team: Team, pen: Writer, watched: Store, published: list[int], error: type[Exception]
) -> None:
    failures = [error("away"), error("away")]

    def fail(changes: Sequence[Change]) -> None:
        if failures:
            raise failures.pop()

    watched.before = fail
    assert await settled([pen.submit(says(team.kitchen, team.alice))]) == [1]
    assert watched.batches == [1, 1, 1]
    await pen.flush()
    assert published == [1]


async def test_one_that_went_away_in_the_commit_does_not_make_it_two(
    team: Team, pen: Writer, watched: Store, published: list[int]
) -> None:
    failures: list[Exception] = [OperationalError("the connection was lost, and who knows")]

    def fail(changes: Sequence[Change]) -> None:
        if failures:
            raise failures.pop()

    watched.after = fail
    futures = [pen.submit(says(team.kitchen, team.alice)), pen.submit(says(team.kitchen, team.bob))]
    assert await settled(futures) == [1, 2]
    assert (await in_database(pages.newest)(team.kitchen.pk, 10)).seq == 2


async def test_a_database_that_stays_away_is_busy_in_the_end_and_the_next_change_is_tried_again(
    team: Team, pen: Writer, watched: Store, published: list[int], hurried: None
) -> None:
    def fail(changes: Sequence[Change]) -> None:
        raise OperationalError("database or disk is full")

    watched.before = fail
    futures = [pen.submit(says(team.kitchen, team.alice)) for _ in range(2)]
    assert await settled(futures) == ["busy", "busy"]
    error = futures[0].exception()
    assert isinstance(error, CommandError)
    assert error.detail == "The server's disk is full: nothing can be saved. Try again soon."
    assert error.retry_after
    await pen.flush()  # nobody waits for it any more, so it is not retried
    watched.before = lambda changes: None
    assert await settled([pen.submit(says(team.kitchen, team.alice))]) == [1]


async def test_a_full_disk_is_said_to_be_full(
    team: Team, pen: Writer, watched: Store, published: list[int], hurried: None
) -> None:
    def fill(changes: Sequence[Change]) -> None:
        with connections["default"].cursor() as cursor:
            cursor.execute("PRAGMA max_page_count = 1")  # SQLite's size limit cannot be lower than the present size

    if connections["default"].vendor != "sqlite":
        pytest.skip("PostgreSQL's disk is not ours to fill")
    watched.before = fill
    future = pen.submit(says(team.kitchen, team.alice, "x" * 8000))
    assert (
        await settled([future, *(pen.submit(says(team.kitchen, team.bob, "y" * 8000)) for _ in range(20))])
        == ["busy"] * 21
    )
    error = future.exception()
    assert isinstance(error, CommandError)
    assert error.detail == "The server's disk is full: nothing can be saved. Try again soon."


async def test_one_that_is_silent_holds_up_no_answer_and_what_it_writes_in_the_end_is_told(
    team: Team, pen: Writer, watched: Store, published: list[int], hurried: None
) -> None:
    watched.open.clear()
    posts = [says(team.kitchen, team.alice), says(team.kitchen, team.bob)]
    first = pen.submit(posts[0])
    await enter_store(watched)
    assert await settled([first, pen.submit(posts[1])]) == ["busy", "busy"]
    watched.open.set()
    await pen.flush()
    assert published == [1], "what was under way; the other one was not even begun"
    assert await settled(map(pen.submit, posts)) == [1, 2], "and sent again it is the same"


async def test_a_sick_wire_does_not_hold_up_writing(
    team: Team, pen: Writer, watched: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen, heard = asyncio.Event(), []

    async def publish(publications: Iterable[Publication]) -> None:
        heard.append([each.number for each in publications])
        await frozen.wait()

    monkeypatch.setattr(writer, "publish", publish)
    for seq in (1, 2, 3):
        assert await settled([pen.submit(says(team.kitchen, team.alice))]) == [seq]
    frozen.set()
    await pen.flush()
    assert heard == [[1], [2], [3]], "in order"


async def test_flush_waits_until_all_is_written_and_told(
    team: Team, pen: Writer, watched: Store, published: list[int]
) -> None:
    futures = [pen.submit(says(team.kitchen, team.alice)) for _ in range(5)]
    await asyncio.wait_for(pen.flush(), PATIENCE)
    assert all(future.done() for future in futures)
    assert published == [1, 2, 3, 4, 5]
    await asyncio.wait_for(pen.flush(), PATIENCE)


async def test_one_who_no_longer_waits_does_not_disturb(
    team: Team, pen: Writer, watched: Store, published: list[int]
) -> None:
    watched.open.clear()
    gone, stays = (pen.submit(says(team.kitchen, team.alice)) for _ in range(2))
    gone.cancel()
    watched.open.set()
    assert await settled([stays]) == [2]


async def test_synchronous_code_writes_through_the_same_writer(team: Team, hub: Any, watched: Store) -> None:
    change = says(team.kitchen, team.alice)
    applied = await sync_to_async(messages.write)(change)
    assert (applied.seq, applied.duplicate) == (1, False)
    assert (await sync_to_async(messages.write)(change)).duplicate
    assert {name.partition("_")[0] for name in watched.threads} == {"writer"}
