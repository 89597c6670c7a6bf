"""Roulette with a scheduler that decides which transaction comes next and which hint arrives.

The commands (`roulette.consumers`) and the database work (`roulette.pairing`) are the real ones. Each call into the
database runs in its own greenlet on one connection. It stops before it begins and before each transaction, so that
anything may happen in between. Nothing waits for time.
"""

import asyncio
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connections, transaction
from greenlet import getcurrent, greenlet

from accounts.models import User
from chat import entering
from chat.models import Room
from chat.presence import connections as presence
from realtime import process
from realtime.wire.protocol import CommandError
from roulette import consumers, pairing
from roulette.commands import BlockPartner, Enter, LeaveRoulette, Next, ReportPartner
from roulette.models import Block, Seat, SeatState

COMMANDS: dict[str, Any] = {
    "enter": Enter(),
    "next": Next(),
    "leave": LeaveRoulette(),
    "block": BlockPartner(),
    "report": ReportPartner(reason="rude"),
}
#: Rooms are numbered, since their ids differ from one order to the next.
SEATS = """
    SELECT user_id, state, (SELECT count(*) FROM chat_room room WHERE room.kind = 'roulette' AND room.id <= room_id),
        reason, socket, gone_at IS NOT NULL
    FROM roulette_seat ORDER BY user_id
"""
#: After this many turns of the loop, all tasks wait for the scheduler.
HOPS = 25
#: The most steps until everything is quiet; a talk of three takes about sixty.
MOST_STEPS = 400


class FakeSocket(consumers.RouletteConsumer):
    """One socket, and what its client knows. Commands run one after the other, as a consumer takes them."""

    def __init__(self, simulation: "Simulation", user: User, name: str) -> None:
        super().__init__()
        self.simulation, self.user, self.id, self.joined = simulation, user, name, {}
        self.hub, self.connection = simulation.hub, SimpleNamespace(send=self._hear)  # type: ignore[assignment]
        self.open = True
        self.shown = ""  # "waiting", or the room in which the client believes to talk
        self.owed = ""  # the command that was answered with ok and has not been followed by waiting or paired
        self.heard: list[str] = []
        self._before: asyncio.Task[None] | None = None
        self.doing: set[asyncio.Task[None]] = set()

    def give(self, command: str) -> None:
        """The client sends `command`."""
        self._begin(self._run(command, self._before))

    def close(self) -> None:
        """The socket closes, once its commands are done."""
        self._begin(self._close(self._before))

    def yank(self) -> None:
        """The socket closes, and its running command is cancelled."""
        if self._before is not None:
            self._before.cancel()
        self.close()

    def _begin(self, work: Any) -> None:
        self._before = task = asyncio.ensure_future(work)
        self.doing.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self.doing.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self.simulation.failures.append(error)

    async def _run(self, command: str, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])
        await self.simulation.turn(f"{self.id} {command}")
        if not self.open:
            return
        try:
            await getattr(self, f"on_roulette_{command}")(COMMANDS[command])
        except CommandError as error:
            self.heard.append(f"{command}: {error.code}")

    def answer(self, command: Any, event: dict[str, Any]) -> int:
        assert event == {"type": "ok"}
        name = command.__struct_config__.tag.removeprefix("roulette.")
        self.heard.append(f"{name}: ok")
        self.owed = name if name in ("enter", "next") else ""
        if name == "leave":
            self.shown = ""
        return 0

    async def _close(self, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])
        await self.simulation.turn(f"{self.id} closes")
        self.open = False
        await self.closed()

    def _hear(self, event: dict[str, Any]) -> None:
        type, room = event["type"].removeprefix("roulette."), event.get("room")
        self.heard.append(f"{type} {room or ''}".strip())
        if type == "ended":
            assert room in (self.shown, None), f"{self.id} was told of the end of a talk that it is not in"
            self.shown = ""
            if event["reason"] == "elsewhere":  # another tab took the seat that this one had asked for
                self.owed = ""
        else:
            self.shown, self.owed = room or "waiting", ""

    def __repr__(self) -> str:
        return f"{self.id}: shown {self.shown!r}, heard {self.heard}"


class Simulation:
    """People, their connections, and all possible next steps. One event loop, which runs while `settle` waits."""

    def __init__(self, *names: str) -> None:
        self.users = {name: User.objects.get(name=name) for name in names}
        self.lines: dict[str, FakeSocket] = {}
        self.old_lines: list[FakeSocket] = []
        self.turns: list[tuple[str, asyncio.Future[None], str]] = []
        self.hints: list[tuple[int, dict[str, Any]]] = []
        self.trail: list[str] = []
        self.failures: list[BaseException] = []
        self._connection = connections["default"]
        self.rows: Any = ((), ())
        self.hub: Any = SimpleNamespace(subscribe=_nothing, unsubscribe=_nothing, release=_nothing, check=_nothing)
        for name in names:
            self.connect(name)

    def connect(self, name: str) -> FakeSocket:
        """A new connection of this person, beside the old one if that has not closed."""
        if name in self.lines:
            self.old_lines.append(self.lines[name])
        line = self.lines[name] = FakeSocket(self, self.users[name], f"{name} {len(self.old_lines) + 1}")
        return line

    def all_lines(self) -> list[FakeSocket]:
        return [*self.lines.values(), *self.old_lines]

    # What may come next

    async def turn(self, label: str, seen: Any = ()) -> None:
        """Wait for a turn. `seen`: what the waiting call last read from the database."""
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.turns.append((label, granted, str(seen)))
        await granted

    def choices(self) -> list[str]:
        """The possible next steps, the latest first, so that 0 means: continue."""
        return [label for label, *_ in reversed(self.turns)] + [f"hint to {user}" for user, _ in self.hints]

    async def step(self, choice: int, *, lose: bool = False) -> None:
        """Take the chosen step; with `lose`, a hint is lost."""
        self.trail.append(self.choices()[choice])
        if choice < len(self.turns):
            granted = self.turns.pop(len(self.turns) - 1 - choice)[1]
            if not granted.done():
                granted.set_result(None)
        else:
            user, payload = self.hints.pop(choice - len(self.turns))
            if not lose:
                await self._deliver(user, payload)
        await self.settle()

    async def _deliver(self, user: int, payload: dict[str, Any]) -> None:
        for line in self.all_lines():
            if line.user.pk == user and line.open:
                await line.control("", payload)

    def begin(self) -> None:
        """Have this loop's tasks use the test's connection; Django would give them another."""
        connections["default"] = self._connection

    async def settle(self) -> None:
        """Let all go on until each waits for its turn."""
        for _ in range(HOPS):
            await asyncio.sleep(0)
        if self.failures:
            raise AssertionError(repr(self)) from self.failures[0]
        self.check_rows()

    async def rest(self, choose: Callable[[list[str]], int] = lambda choices: 0) -> None:
        """Continue until nothing is left to do.

        Then let each connection read its seat once more, as it regularly does.
        """
        await self.settle()
        for looks in range(2):
            for _ in range(MOST_STEPS):
                if not (choices := self.choices()):
                    break
                await self.step(choose(choices) if not looks else 0)
            else:
                raise AssertionError(f"it goes on and on: {self.trail[-20:]}")
            for line in self.all_lines():
                if line.open:
                    await line.control("", {"do": "roulette.look"})
            await self.settle()
        while self.choices():
            await self.step(0)

    def sweep(self) -> None:
        """A process sweeps. Closed sockets count as closed for too long."""
        task = asyncio.ensure_future(in_steps(self, pairing.sweep)())
        self.sweeping = task

    def look_at_rows(self) -> None:
        """Store everything in the database about seats, except times, in `self.rows`."""
        with self._connection.cursor() as cursor:
            cursor.execute(SEATS)
            seats = cursor.fetchall()
            cursor.execute("SELECT blocker_id, blocked_id FROM roulette_block ORDER BY id")
            self.rows = (tuple(seats), tuple(cursor.fetchall()))

    def fingerprint(self) -> Any:
        """The whole state: two simulations with the same fingerprint continue in the same way."""
        lines = tuple((line.id, bool(line.shown), line.owed, line.open) for line in self.all_lines())
        hints = tuple(sorted(user for user, _ in self.hints))
        return self.rows, tuple(sorted((label, seen) for label, _, seen in self.turns)), hints, lines

    # What must hold

    def check_rows(self) -> None:
        """Check after every transaction: talks have two people, who have not blocked each other."""
        before, blocks = self.rows[0], self.rows[1]
        self.look_at_rows()
        if (before, blocks) == self.rows:
            return
        talks: dict[int, list[int]] = {}
        for user, state, room, *_ in self.rows[0]:
            if state == SeatState.TALKING:
                talks.setdefault(room, []).append(user)
        for room, people in talks.items():
            assert len(people) == 2, f"{people} talk in {room}: {self}"
            slugs = {
                seat.room.slug for seat in Seat.objects.filter(user__in=people).select_related("room") if seat.room
            }
            found = Room.objects.filter(slug__in=slugs, archived_at=None, memberships__user__in=people)
            assert found.count() == 2, f"{people} talk in a room that is not theirs: {self}"
            assert not Block.objects.filter(blocker__in=people, blocked__in=people).exists(), self

    def check_rest(self) -> None:
        """Check when all is quiet: answered clients got their events, and what clients show is true."""
        self.check_rows()
        seats = {seat.socket: seat for seat in Seat.objects.select_related("room")}
        for line in [each for each in self.all_lines() if each.open]:
            assert not line.owed, f"{line.id} had ok for {line.owed}, and neither waiting nor paired after it: {self}"
            seat = seats.get(line.id)
            is_so = ""
            if seat is not None and seat.state != SeatState.ENDED:
                is_so = seat.room.slug if seat.room else "waiting"
            assert line.shown == is_so, f"{line.id} is shown {line.shown!r}, and it is {is_so!r}: {self}"
        blocked = set(Block.objects.values_list("blocker", "blocked"))
        there = [seat.user_id for seat in seats.values() if seat.state == SeatState.WAITING and not seat.gone_at]
        apart = [
            (one, other)
            for one in there
            for other in there
            if one < other and not {(one, other), (other, one)} & blocked
        ]
        assert not apart, f"{apart} wait, and do not find each other: {self}"

    async def end(self) -> None:
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def __repr__(self) -> str:
        return "\n".join(
            ["", *map(repr, self.all_lines()), *[str(vars(each)) for each in Seat.objects.all()], *self.trail]
        )


async def _nothing(*args: Any) -> None:
    pass


def in_steps(simulation: Simulation, work: Callable[..., Any]) -> Callable[..., Any]:
    """Make a coroutine function of database work that waits for its turn before each transaction."""

    async def call(*args: Any, **options: Any) -> Any:
        running = greenlet(partial(work, *args, **options))
        running.gr_context = copy_context()  # which knows the connection
        label = f"{work.__name__} {args}"
        seen: Any = ()
        while True:
            await simulation.turn(label, seen)
            seen = simulation.rows
            result = running.switch()
            if running.dead:
                return result

    return call


@contextmanager
def one_transaction() -> Iterator[None]:
    parent = getcurrent().parent
    if parent is not None:
        parent.switch()
    with transaction.atomic():
        yield


@contextmanager
def scheduled(*names: str) -> Iterator[Simulation]:
    """Yield a simulation in which all work waits for its turn; the database is rolled back afterwards."""
    with pytest.MonkeyPatch.context() as patch, transaction.atomic():
        simulation = Simulation(*names)
        for name, work in list(vars(pairing).items()):
            if inspect.iscoroutinefunction(work) and hasattr(work, "__wrapped__"):
                patch.setattr(pairing, name, in_steps(simulation, work.__wrapped__))

        def publish_on_commit(publications: Any) -> None:
            simulation.hints += [
                (int(each.topic.removeprefix("user.")), {"do": "roulette.look"}) for each in publications
            ]

        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        patch.setattr(pairing, "publish_on_commit", publish_on_commit)
        patch.setattr(pairing, "publish", _nothing)
        patch.setattr(pairing, "transaction", SimpleNamespace(atomic=one_transaction))
        patch.setattr(pairing, "NOT_AGAIN", 0.0)
        patch.setattr(pairing, "SEAT_GRACE", -1.0)
        patch.setattr(process, "may_bury", lambda: True)
        patch.setattr(consumers, "LOOK_WAITING", 3600.0)
        patch.setattr(consumers, "LOOK_TALKING", 3600.0)
        patch.setattr(consumers, "PROBE_PATIENCE", 0.0)  # the other socket does not answer
        page = SimpleNamespace(messages=[], reached=0)

        async def enter(*args: Any) -> Any:
            return SimpleNamespace(page=page)

        patch.setattr(entering, "enter", enter)
        keeper = SimpleNamespace(arrive=lambda *args: None, depart=lambda *args, **options: None)
        patch.setattr(presence, "current_presence", lambda: keeper)
        yield simulation
        transaction.set_rollback(True)
