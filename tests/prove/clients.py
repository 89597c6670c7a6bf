"""All clients together: how much they send, who is away, and whether all have everything."""

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import httpx

from tests.prove.checker import check_outlooks
from tests.prove.client import Client
from tests.prove.deployment import ALL, CLOSED, HALL, ROOMS, Deployment
from tests.prove.record import Outlook, Record, Removal, Table

#: The most unanswered commands of one client.
PILE: Final = 20
#: Seconds within which somebody removed from a room must be told, while nothing else is wrong.
GRACE: Final = 2.0


class Clients:
    """`rate`: commands a second of all clients together. `size`: extra characters in each text.

    A third of the clients are members of the closed room. All are in the hall, where they send nothing on their own.
    """

    def __init__(self, size: int, rate: float, record: Record, rng: random.Random) -> None:
        self.record = record
        self.rng = rng
        self.rate = rate
        self.size = 0
        self.quiet = False
        self.number = size
        self._owner: dict[str, Any] = {}  # how the owner of the closed room makes HTTP calls
        self.all: list[Client] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._talking: asyncio.Task[None] | None = None

    async def connect(self, deployment: Deployment) -> None:
        """Sign everybody in and let them join, every second one from the very beginning of the log."""
        self._owner = {
            "base_url": deployment.address,
            "verify": deployment.tls or True,
            "headers": {"Authorization": f"Bearer {deployment.owner_token}"},
            "timeout": 30,
            "trust_env": False,
        }
        for number in range(self.number):
            key = deployment.keys[number // 3] if number % 3 == 0 else None
            own = [*sorted(self.rng.sample(ROOMS, self.rng.randint(2, len(ROOMS)))), HALL, *([CLOSED] if key else [])]
            self.all.append(Client(f"Client {number + 1}", own, self.record, random.Random(self.rng.random()), key))
        for number, client in enumerate(self.all):
            await client.sign_in(deployment.address, deployment.tls)
            for room in client.rooms.values() if number % 2 else ():
                room.place = 0
                client.begin_reading(room, 0)
            self._tasks.append(asyncio.create_task(client.run()))
        await until(lambda: all(client.is_joined for client in self.all), 60, "everybody is there")
        self._talking = asyncio.create_task(self._talk())

    async def _talk(self) -> None:
        due, last = 0.0, time.monotonic()
        while True:
            await asyncio.sleep(0.02)
            now = time.monotonic()
            due = min(due + (now - last) * self.rate, self.rate)  # a late turn is not made up at once
            last = now
            while due >= 1:
                due -= 1
                client = self.rng.choice(self.all)
                joined = [
                    room for room in client.rooms.values() if room.reading and not room.barred and room.slug != HALL
                ]
                if joined and not self.quiet and len(client.waiting) < PILE and client.reading.is_set():
                    await client.say(self.rng.choice(joined), self.size)

    def half(self) -> list[Client]:
        return self.rng.sample(self.all, len(self.all) // 2)

    # Who may be in the closed room

    def members(self) -> list[Client]:
        return [client for client in self.all if client.key is not None]

    async def take_out(self, client: Client, *, promptly: bool) -> Removal:
        """End a membership. `promptly`: nothing is wrong that would delay the news."""
        assert client.key
        removal = Removal(client.name, CLOSED, GRACE if promptly else None)
        self.record.removals.append(removal)
        client.rooms[CLOSED].removal = removal
        await self._insist("DELETE", f"/api/rooms/{CLOSED}/members/{client.key.user}/", {204, 404})
        removal.gone = time.monotonic()
        return removal

    async def let_in(self, client: Client, removal: Removal) -> None:
        assert client.key
        removal.back = time.monotonic()
        client.rooms[CLOSED].removal = None
        await self._insist("POST", f"/api/rooms/{CLOSED}/members/", {201}, name=client.key.username)

    async def _insist(self, method: str, path: str, wanted: set[int], **body: str) -> None:
        """Repeat a call until it gets the expected answer."""
        last = ""
        for _ in range(120):
            try:
                async with httpx.AsyncClient(**self._owner) as owner:
                    answer = await owner.request(method, path, json=body or None)
                if answer.status_code in wanted:
                    return
                last = f"{answer.status_code} {answer.text[:200]}"
            except httpx.HTTPError as error:
                last = repr(error)
            await asyncio.sleep(0.5)
        raise Stuck(f"{method} {path} never worked: {last}")

    # Whether all is well

    def acknowledged(self) -> dict[str, int]:
        """Return the highest rev that any client has received, per room."""
        heads = dict(self.record.acknowledged)
        for client in self.all:
            for room in client.rooms.values():
                heads[room.slug] = max(heads.get(room.slug, 0), room.place or 0)
        return heads

    def behind(self, heads: dict[str, int]) -> list[str]:
        """Return, as sentences, which clients lack something up to `heads`."""
        return [
            f"{client.name} is at {room.place} of {heads.get(room.slug, 0)} in {room.slug}"
            + ("" if room.complete else ", not joined")
            for client in self.all
            for room in client.rooms.values()
            if not room.complete or (room.place or 0) < heads.get(room.slug, 0)
        ]

    async def settle(self, seconds: float, quietly: bool) -> float | None:
        """Wait until everything said by now is answered and everybody has it; return how long that took.

        Returns None when it did not happen, so that something is stuck. Clients keep talking meanwhile, unless
        `quietly`.
        """
        self.quiet = quietly
        began = time.monotonic()
        said = [waiting.said for client in self.all for waiting in client.waiting.values()]
        try:
            await until(lambda: all(each.answers or each.refused for each in said), seconds, "all is answered")
            heads = self.acknowledged()
            await until(lambda: not self.behind(heads), seconds, "all have everything")
        except Stuck:
            return None
        finally:
            self.quiet = False
        return time.monotonic() - began

    @contextmanager
    def silence(self) -> Iterator[None]:
        self.quiet = True
        try:
            yield
        finally:
            self.quiet = False

    async def single_messages(self, seconds: float) -> None:
        """Post one message in every room, and wait until all clients have all of them; the checker finds late ones."""
        for slug in ALL:
            if there := [client for client in self.all if client.hears(slug)]:
                speaker = self.rng.choice(there)
                await speaker.post_alone(speaker.rooms[slug])
        with suppress(Stuck):
            await until(lambda: not self.unanswered() and not self.behind(self.acknowledged()), seconds, "all have all")

    def unanswered(self) -> int:
        return sum(len(client.waiting) for client in self.all)

    # The end

    async def fall_silent(self, seconds: float) -> None:
        """Stop sending, and wait until everything is answered."""
        if self._talking is not None:
            self._talking.cancel()
        await until(
            lambda: not any(client.waiting for client in self.all), seconds, "every command is answered in the end"
        )

    async def catch_up(self, table: Table, seconds: float) -> None:
        """Wait until everybody has everything in the table: first without help, then again after a last resume."""
        heads = {slug: log.rev for slug, log in table.items()}
        await until(lambda: not self.behind(heads), seconds, "everybody has everything", lambda: self.behind(heads))
        for client in self.all:
            client.cut()
        await asyncio.sleep(0.5)
        await until(lambda: not self.behind(heads), seconds, "everybody resumes once more")

    async def thin_out(self, table: Table, seconds: float) -> None:
        """Let a third leave for good, half of them without notice; then record what the others believe."""
        leaving = self.rng.sample(self.all, len(self.all) // 3)
        staying = [client for client in self.all if client not in leaving]
        for number, client in enumerate(leaving):
            client.present.clear()
            if number % 2:
                client.cut()
            else:
                await client.leave()
        there = {slug: frozenset(client.user for client in staying if slug in client.rooms) for slug in table}

        def outlooks() -> list[Outlook]:
            return [
                Outlook(
                    client.name,
                    {slug: frozenset(room.present) for slug, room in client.rooms.items()},
                    {slug: client.heads.get(slug, (0, 0)) for slug in client.rooms},
                    there,
                )
                for client in staying
            ]

        with suppress(Stuck):  # the checker tells who is wrong
            await until(lambda: not any(check_outlooks(outlooks(), table)), seconds, "everybody knows who is there")
        self.record.outlooks = outlooks()

    async def close(self) -> None:
        tasks = [*self._tasks, *([self._talking] if self._talking else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def crashes(self) -> list[str]:
        """Return the errors that ended a client or the talking for good.

        Each is a bug, or an event that docs/protocol.md lacks.
        """
        tasks = [*self._tasks, *([self._talking] if self._talking else [])]
        return [repr(task.exception()) for task in tasks if task.done() and not task.cancelled() and task.exception()]


class Stuck(Exception):
    """Something that must happen did not happen."""


async def until(
    condition: Callable[[], bool], seconds: float, what: str, why: Callable[[], list[str]] = lambda: []
) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise Stuck(". ".join([f"Not within {seconds:g} s: {what}", *why()[:5]]))
        await asyncio.sleep(0.05)
