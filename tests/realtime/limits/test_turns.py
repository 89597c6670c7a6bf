import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.limits.turns import Turns


@given(st.lists(st.integers(0, 3), min_size=1, max_size=25))
def test_everybody_gets_a_turn_and_their_own_order(asked: list[int]) -> None:
    done: list[tuple[int, int]] = []

    async def run() -> None:
        with ThreadPoolExecutor(1) as executor:
            turns = Turns(executor)
            work = [turns.run(person, partial(done.append, (person, number))) for number, person in enumerate(asked)]
            await asyncio.gather(*work)

    asyncio.run(run())
    assert sorted(number for _, number in done) == list(range(len(asked)))
    for person in set(asked):
        own = [number for who, number in done if who == person]
        assert own == sorted(own)
        # Before each job of mine, everybody else has at most one job more than I have.
        for place, (who, _) in enumerate(done):
            if who == person:
                mine = [each for each, _ in done[: place + 1]]
                assert all(mine.count(other) <= mine.count(person) for other in set(mine))


async def test_what_fails_fails_alone_and_what_nobody_waits_for_is_left_out() -> None:
    gate, ran = threading.Event(), list[str]()
    with ThreadPoolExecutor(1) as executor:
        turns = Turns(executor)
        first = asyncio.create_task(turns.run("a", partial(gate.wait, 30)))
        dropped = asyncio.create_task(turns.run("b", partial(ran.append, "b")))
        failing = asyncio.create_task(turns.run("c", partial(int, "x")))
        last = asyncio.create_task(turns.run("c", partial(ran.append, "c")))
        await asyncio.sleep(0)
        dropped.cancel()
        gate.set()
        assert await first is True
        with pytest.raises(ValueError, match="invalid literal"):
            await failing
        await last
        assert ran == ["c"]
