"""Heads of rooms, for people who are not in them."""

import asyncio
import json
from collections.abc import Iterable

import pytest

from chat.log import heads
from chat.log.store import News
from chat.models import Room, RoomKind
from harness.client import PATIENCE, eventually
from realtime.delivery.publish import Delivery, Publication


def room(pk: int, rev: int, kind: str = RoomKind.PUBLIC) -> Room:
    return Room(pk=pk, slug=f"room-{pk}", rev=rev, seq=rev, kind=kind)


class Published:
    """What was announced, and a way to wait for it."""

    def __init__(self) -> None:
        self.batches: list[list[Publication]] = []
        self.came = asyncio.Event()

    async def __call__(self, publications: Iterable[Publication]) -> bool:
        self.batches.append(list(publications))
        self.came.set()
        return True


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> Published:
    found = Published()
    monkeypatch.setattr(heads, "publish", found)
    return found


async def test_a_room_that_moved_is_announced_at_once_with_its_newest_head(published: Published) -> None:
    heads.announce([room(1, 5)], {1: News([(5, 7)])})
    heads.announce([room(1, 6), room(2, 1)], {1: News([(6, 9)], [(3, 7)])})
    async with asyncio.timeout(PATIENCE):
        await published.came.wait()
    (batch,) = published.batches
    assert [(each.topic, each.delivery, each.number) for each in batch] == [
        ("heads.1", Delivery.LATEST, 6),
        ("heads.2", Delivery.LATEST, 1),
    ]
    head = {"rev": 6, "seq": 6, "new": [[5, 7], [6, 9]], "gone": [[3, 7]]}
    assert json.loads(batch[0].text) == {"type": "heads", "rooms": {"room-1": head}}


async def test_a_busy_room_is_announced_now_and_then(published: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "CALM", 0.05)
    for rev in range(1, 200):
        heads.announce([room(1, rev)], {})
        await asyncio.sleep(0.001)
    async with asyncio.timeout(PATIENCE):
        while published.batches[-1][0].number < 199:
            published.came.clear()
            await published.came.wait()
    assert len(published.batches) < 150
    numbers = [batch[0].number for batch in published.batches]
    assert numbers == sorted(numbers)


async def test_talks_are_nobodys_business(published: Published) -> None:
    heads.announce([room(1, 5, RoomKind.ROULETTE)], {})
    await asyncio.sleep(0)
    assert published.batches == []


async def test_all_who_ask_at_once_share_a_read_that_began_after_they_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[asyncio.Future[heads.Heads]] = []

    async def read() -> heads.Heads:
        reads.append(asyncio.get_running_loop().create_future())
        return await reads[-1]

    monkeypatch.setattr(heads, "read_all", read)
    first = [asyncio.create_task(heads.heads_of_all()) for _ in range(3)]
    await eventually(lambda: len(reads) == 1)
    later = [asyncio.create_task(heads.heads_of_all()) for _ in range(3)]
    await asyncio.sleep(0.01)
    assert len(reads) == 1, "one at a time"
    reads[0].set_result({1: ("lobby", 1, 1)})
    await eventually(lambda: len(reads) == 2)
    reads[1].set_result({1: ("lobby", 2, 2)})
    assert await asyncio.gather(*first) == [{1: ("lobby", 1, 1)}] * 3
    assert await asyncio.gather(*later) == [{1: ("lobby", 2, 2)}] * 3
    assert len(reads) == 2


async def test_a_read_that_fails_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[heads.Heads | Exception] = [OSError("away"), {}]

    async def read() -> heads.Heads:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(heads, "read_all", read)
    with pytest.raises(OSError, match="away"):
        await heads.heads_of_all()
    assert await heads.heads_of_all() == {}
