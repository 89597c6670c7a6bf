import asyncio
import gc
import weakref

import pytest

from realtime.per_loop import per_loop


class Thing:
    pass


def test_a_loop_has_one_and_another_loop_another() -> None:
    current = per_loop(Thing)

    async def look() -> Thing:
        assert current() is current()
        return current()

    assert asyncio.run(look()) is not asyncio.run(look())


def test_it_is_forgotten_with_its_loop() -> None:
    current = per_loop(Thing)

    async def look() -> "weakref.ref[Thing]":
        return weakref.ref(current())

    thing = asyncio.run(look())
    gc.collect()
    assert thing() is None


def test_there_is_none_outside_of_a_loop() -> None:
    with pytest.raises(RuntimeError):
        per_loop(Thing)()
