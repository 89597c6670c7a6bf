import asyncio
import logging
from collections.abc import AsyncIterator

import pytest
from channels.layers import InMemoryChannelLayer, channel_layers
from channels_redis.pubsub import RedisPubSubChannelLayer

from harness.client import eventually
from realtime import background


@pytest.fixture(autouse=True)
async def nothing_else(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Empty registries for this test, and short pauses."""
    for name in ("registered", "farewells", "running"):
        monkeypatch.setattr(background, name, {})
    monkeypatch.setattr(background, "PAUSE", 0.01)
    monkeypatch.setattr(background, "PATIENCE", 0.2)
    yield
    await background.stop()


class Work:
    """Work that records its runs. It fails as often as told; then it runs without end."""

    def __init__(self, failures: int = 0, error: BaseException | None = None) -> None:
        self.failures = failures
        self.error = error or RuntimeError("oh no")
        self.starts: list[float] = []
        self.ended = False

    async def __call__(self) -> None:
        self.starts.append(asyncio.get_running_loop().time())
        if len(self.starts) <= self.failures:
            raise self.error
        try:
            await asyncio.Event().wait()
        finally:
            self.ended = True


async def test_work_runs_from_the_start_once_and_to_the_end() -> None:
    work = Work()
    background.register("work", work)
    await background.start()
    await background.start()
    await eventually(lambda: work.starts)
    assert len(work.starts) == 1
    await background.stop()
    assert work.ended


async def test_work_runs_only_where_it_should() -> None:
    here, elsewhere = Work(), Work()
    background.register("here", here, when=lambda: True)
    background.register("elsewhere", elsewhere, when=lambda: False)
    await background.start()
    await eventually(lambda: here.starts)
    assert elsewhere.starts == []


async def test_work_that_fails_is_logged_and_started_again_ever_later(caplog: pytest.LogCaptureFixture) -> None:
    work = Work(failures=4)
    background.register("the work", work)
    await background.start()
    await eventually(lambda: len(work.starts) == 5)
    assert caplog.text.count("the work failed") == 4
    assert "oh no" in caplog.text
    pauses = [after - before for before, after in zip(work.starts, work.starts[1:], strict=False)]
    assert all(pause >= 0.01 * 2**number * 0.9 for number, pause in enumerate(pauses))


async def test_pauses_grow_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "LONGEST_PAUSE", 0.02)
    work = Work(failures=20)
    background.register("work", work)
    await background.start()
    await eventually(lambda: len(work.starts) == 21)


async def test_work_that_went_well_for_long_starts_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "GOOD_AFTER", -1)
    work = Work(failures=12)  # 0.01 · 2¹² would be forty seconds
    background.register("work", work)
    await background.start()
    await eventually(lambda: len(work.starts) == 13)


async def test_work_that_returns_is_started_again() -> None:
    runs = []

    async def work() -> None:
        runs.append(True)

    background.register("work", work)
    await background.start()
    await eventually(lambda: len(runs) > 2)


async def test_work_that_something_inside_cancelled_is_started_again() -> None:
    work = Work(failures=2, error=asyncio.CancelledError())
    background.register("work", work)
    await background.start()
    await eventually(lambda: len(work.starts) == 3)


async def test_farewells_run_before_work_ends_and_none_stops_another(caplog: pytest.LogCaptureFixture) -> None:
    work = Work()
    said: list[bool] = []

    async def fail() -> None:
        raise RuntimeError("oh no")

    async def hang() -> None:
        await asyncio.Event().wait()

    async def say() -> None:
        said.append(work.ended)

    background.register("work", work)
    for name, farewell in (("failing", fail), ("hanging", hang), ("saying", say)):
        background.register_farewell(name, farewell)
    await background.start()
    await eventually(lambda: work.starts)
    with caplog.at_level(logging.ERROR):
        await background.stop()
    assert said == [False]
    assert work.ended
    assert "The farewell of failing failed" in caplog.text
    assert "The farewell of hanging failed" in caplog.text


async def test_waiting_for_work_that_does_not_end_has_a_limit() -> None:
    release = asyncio.Event()

    async def stubborn() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    background.register("stubborn", stubborn)
    await background.start()
    task = background.running["stubborn"]
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await background.stop()
    assert not task.done()
    release.set()


def test_a_layer_in_memory_is_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    for layer, embedded in ((InMemoryChannelLayer(), True), (RedisPubSubChannelLayer(hosts=["redis://x"]), False)):
        monkeypatch.setitem(channel_layers.backends, "default", layer)
        assert background.layer_is_embedded() is embedded
