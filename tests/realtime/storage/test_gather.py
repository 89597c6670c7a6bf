"""Reads that many ask for at the same time."""

import asyncio
from collections.abc import Collection

import pytest

from realtime.storage import gather
from realtime.storage.gather import gathered


class Library:
    """Reads a key as its length; records what it was asked for, and waits until it may answer."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.open = asyncio.Event()
        self.error: Exception | None = None

    async def read(self, keys: Collection[str]) -> dict[str, int]:
        self.asked.append(sorted(keys))
        number = len(self.asked)
        await self.open.wait()
        if self.error is not None:
            raise self.error
        return {key: number for key in keys if key != "nowhere"}


async def test_those_who_ask_together_share_a_read() -> None:
    library = Library()
    library.open.set()
    get = gathered(library.read)
    assert await asyncio.gather(*[get(key) for key in ("a", "b", "a", "nowhere")]) == [1, 1, 1, None]
    assert library.asked == [["a", "b", "nowhere"]]
    assert await get("a") == 2


async def test_who_asks_during_a_read_gets_the_next() -> None:
    library = Library()
    get = gathered(library.read)
    first = asyncio.create_task(get("a"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert library.asked == [["a"]]
    others = [asyncio.create_task(get(key)) for key in "aab"]
    await asyncio.sleep(0)
    library.open.set()
    assert await asyncio.gather(first, *others) == [1, 2, 2, 2]
    assert library.asked == [["a"], ["a", "b"]]


async def test_the_first_is_read_at_once_and_many_in_a_row_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "REST", 0.05)
    library = Library()
    library.open.set()
    get = gathered(library.read)
    asked = []
    began = asyncio.get_running_loop().time()
    for number in range(50):
        asked.append(asyncio.create_task(get(str(number))))
        await asyncio.sleep(0.002)
    found = await asyncio.gather(*asked)
    seconds = asyncio.get_running_loop().time() - began
    assert library.asked[0] == ["0"]
    assert len(library.asked) <= 2 + seconds / 0.05
    assert found == sorted(found, key=lambda number: number or 0)


async def test_a_read_that_fails_fails_for_those_who_waited_and_for_nobody_else() -> None:
    library = Library()
    library.open.set()
    library.error = OSError("away")
    get = gathered(library.read)
    for failed in await asyncio.gather(get("a"), get("b"), return_exceptions=True):
        assert failed is library.error
    library.error = None
    assert await get("a") == 2


async def test_who_gives_up_waiting_spoils_it_for_nobody() -> None:
    library = Library()
    get = gathered(library.read)
    impatient, patient = asyncio.create_task(get("a")), asyncio.create_task(get("a"))
    await asyncio.sleep(0)
    impatient.cancel()
    await asyncio.wait({impatient})
    library.open.set()
    assert await patient == 1


async def test_a_read_takes_no_more_than_so_many_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "MOST", 2)
    library = Library()
    library.open.set()
    get = gathered(library.read)
    assert await asyncio.gather(*[get(key) for key in "abcde"]) == [1, 1, 2, 2, 3]
