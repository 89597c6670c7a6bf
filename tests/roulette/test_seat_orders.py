"""Roulette stays correct for every order of the steps of two or three people's commands."""

import asyncio
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from accounts.models import Kind, User
from tests.roulette.seat_orders import COMMANDS, Simulation, scheduled

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]

#: The same random walks each time. No shrinking, which would take minutes; the message shows the trail.
WALK = settings(
    max_examples=40, stateful_step_count=40, deadline=None, derandomize=True, database=None, phases=[Phase.generate]
)
NAMES = ("Alice", "Bob", "Charlie")
#: What one person may do. "again": the socket closes and comes back. "tab": another tab enters, and the first one no
#: longer answers.
DEEDS = (*COMMANDS, "close", "yank", "again", "tab", "sweep")


@pytest.fixture(autouse=True)
def people(db: None) -> None:
    for name in NAMES:
        User.objects.create(username=name.lower(), name=name, kind=Kind.ACCOUNT)


def do(simulation: Simulation, name: str, deed: str) -> None:
    line = simulation.lines[name]
    match deed:
        case "close" | "yank":
            getattr(line, deed)()
        case "again":
            line.close()
            simulation.connect(name).give("enter")
        case "tab":
            simulation.connect(name).give("enter")
        case "sweep":
            simulation.sweep()
        case _:
            line.give(deed)


def pair(simulation: Simulation) -> None:
    for name in ("Alice", "Bob"):
        simulation.lines[name].give("enter")


class Orders:
    """All orders of the steps of a scenario, depth first. When an order reaches a state seen before, it ends there."""

    def __init__(self) -> None:
        self._path: list[int] = []
        self._counts: list[int] = []
        self._known: set[str] = set()
        self._at = 0

    async def follow(self, simulation: Simulation) -> bool:
        """Take the steps of this order.

        False when it reaches a state from which another order has already continued.
        """
        self._at = 0
        await simulation.settle()
        while choices := simulation.choices():
            if self._at == len(self._path):
                here = str(simulation.fingerprint())
                if here in self._known:
                    return False
                self._known.add(here)
                self._path.append(0)
                self._counts.append(len(choices))
            await simulation.step(self._path[self._at])
            self._at += 1
        return True

    def another(self) -> bool:
        """Turn to the next order; False when there is none."""
        while self._path:
            self._path[-1] += 1
            if self._path[-1] < self._counts[-1]:
                return True
            self._path.pop()
            self._counts.pop()
        return False


async def perform(simulation: Simulation, orders: Orders, deeds: dict[str, str]) -> None:
    simulation.begin()
    pair(simulation)
    await simulation.rest()
    simulation.check_rest()
    simulation.trail.clear()
    for name, deed in deeds.items():
        do(simulation, name, deed)
    if await orders.follow(simulation):
        await simulation.rest()
        simulation.check_rest()
    await simulation.end()


@pytest.mark.parametrize(
    ("one", "other"), [("next", "next"), ("next", "leave"), ("next", "block"), ("next", "close"), ("leave", "tab")]
)
def test_two_in_a_talk_do_this_at_once_in_any_order(one: str, other: str) -> None:
    orders, count = Orders(), 0
    while not count or orders.another():
        count += 1
        with scheduled("Alice", "Bob") as simulation:
            asyncio.run(perform(simulation, orders, {"Alice": one, "Bob": other}))
    assert count > 10


class SeatMachine(RuleBasedStateMachine):
    """Three people do anything, at any time; hints may be lost."""

    @initialize()
    def begin(self) -> None:
        self.scheduled = scheduled(*NAMES)
        self.simulation = self.scheduled.__enter__()
        self.loop = asyncio.new_event_loop()

    def run(self, work: Any) -> None:
        async def with_database() -> None:
            self.simulation.begin()
            await work

        self.loop.run_until_complete(with_database())

    @rule(name=st.sampled_from(NAMES), deed=st.sampled_from(DEEDS))
    def does(self, name: str, deed: str) -> None:
        self.run(self._does(name, deed))

    async def _does(self, name: str, deed: str) -> None:
        do(self.simulation, name, deed)
        await self.simulation.settle()

    @precondition(lambda self: self.simulation.choices())
    @rule(data=st.data())
    def goes_on(self, data: Any) -> None:
        self.run(self.simulation.step(data.draw(st.integers(0, len(self.simulation.choices()) - 1))))

    @precondition(lambda self: self.simulation.hints)
    @rule()
    def loses_a_hint(self) -> None:
        self.run(self.simulation.step(len(self.simulation.turns), lose=True))

    @rule()
    def rests(self) -> None:
        self.run(self._rests())

    async def _rests(self) -> None:
        await self.simulation.rest()
        self.simulation.check_rest()

    def teardown(self) -> None:
        if not hasattr(self, "simulation"):
            return
        try:
            self.run(self._rests())
        finally:
            self.run(self.simulation.end())
            self.loop.close()
            self.scheduled.__exit__(None, None, None)


def test_three_people_do_anything_at_any_time() -> None:
    run_state_machine_as_test(SeatMachine, settings=WALK)
