"""What may happen to a deployment. A fault returns when it is over; recovering from it is the product's part."""

import asyncio
import contextlib
import random
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from harness.servers import Web
from tests.prove.checker import PROMPT
from tests.prove.crowd import Crowd, Stuck, until
from tests.prove.people import Person
from tests.prove.record import Calm, LastWord
from tests.prove.town import HALL, Production, Town, name_of


@dataclass(slots=True)
class Scene:
    """What a fault acts on.

    `scale`: 1 for the times given in docs/reliability.md, less in a short run. `alone`: nothing else is wrong
    meanwhile.
    """

    town: Town
    crowd: Crowd
    rng: random.Random
    scale: float = 1.0
    alone: bool = True

    @property
    def production(self) -> Production:
        assert isinstance(self.town, Production), "this fault needs Redis and PostgreSQL"
        return self.town

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds * self.scale)


Act = Callable[[Scene], Awaitable[None]]

#: How often, while nothing is wrong, each room gets a word into its silence: nothing that follows shows it was lost.
LONE_WORDS: Final = 8


@dataclass(frozen=True, slots=True)
class Fault:
    name: str
    sentence: str
    act: Act
    embedded: bool  # makes sense with SQLite and one process, too


FAULTS: Final[dict[str, Fault]] = {}


def fault(name: str, sentence: str, *, embedded: bool = False) -> Callable[[Act], Act]:
    def keep(act: Act) -> Act:
        FAULTS[name] = Fault(name, sentence, act, embedded)
        return act

    return keep


# Web processes


@fault("calm", "nothing happens", embedded=True)
async def calm(scene: Scene) -> None:
    await scene.town.is_well()
    began = time.monotonic()
    await scene.wait(6)
    with scene.crowd.silence():
        for _ in range(LONE_WORDS):
            await scene.crowd.lone_words(3 * PROMPT)
    scene.crowd.record.calms.append(Calm(began, time.monotonic()))


@fault("kill-web", "kill -9 of a web process, and its restart; twice", embedded=True)
async def kill_web(scene: Scene) -> None:
    for _ in range(2):
        web = scene.rng.choice(scene.town.webs)
        async with scene.town.lock(web.name):
            await asyncio.to_thread(web.kill)
            await scene.wait(scene.rng.uniform(0.5, 2))
            await scene.town.restart(web)
        await scene.wait(1)


@fault("rolling", "SIGTERM to one web process after the other, and their restart: a deploy", embedded=True)
async def rolling(scene: Scene) -> None:
    for web in scene.town.webs:
        async with scene.town.lock(web.name):
            await _stop(scene, web)
            await scene.town.restart(web)


async def _stop(scene: Scene, web: Web) -> None:
    process = web.process
    if scene.alone and isinstance(scene.town, Production):
        await _stop_in_mid_sentence(scene, web)
    else:
        await asyncio.to_thread(web.stop)
    if process is not None and process.returncode != 0:
        scene.crowd.record.failures.append(f"{web.name} ended with {process.returncode} after SIGTERM")


async def _stop_in_mid_sentence(scene: Scene, web: Web) -> None:
    """Stop a process with a message that it cannot write before all its sockets are gone, in a room that is silent."""
    crowd, name = scene.crowd, await asyncio.to_thread(name_of, web)
    there = [person for person in crowd.people if person.hears(HALL)]
    speakers = [person for person in there if person.process == name]
    if not speakers:
        await asyncio.to_thread(web.stop)
        return
    async with scene.production.locked(HALL):
        id = await speakers[0].speak_alone(speakers[0].rooms[HALL])
        await asyncio.sleep(0.2)  # for the process to take it
        stopping = asyncio.create_task(asyncio.to_thread(web.stop))
        with contextlib.suppress(Stuck):
            await until(lambda: not any(person.is_at(name) for person in speakers), 5, "its sockets are closed")
        await asyncio.sleep(0.5)
    listeners = [person for person in there if person.process != name]
    word = LastWord(HALL, id, time.monotonic(), tuple(person.name for person in listeners))
    crowd.record.last_words.append(word)
    with contextlib.suppress(Stuck):  # the checker tells who did not
        await until(lambda: all(person.has(HALL, id) for person in listeners), PROMPT, "all have heard it")
    await stopping


# Redis


@fault("kill-redis", "kill -9 of Redis, and its restart after some seconds")
async def kill_redis(scene: Scene) -> None:
    redis = scene.production.redis
    async with scene.town.lock("redis"):
        await asyncio.to_thread(redis.kill)
        await scene.wait(scene.rng.uniform(2, 5))
        await asyncio.to_thread(redis.start)


@fault("freeze-redis", "Redis stopped for 10 s (SIGSTOP, SIGCONT)")
async def freeze_redis(scene: Scene) -> None:
    redis = scene.production.redis
    async with scene.town.lock("redis"):
        redis.signal(signal.SIGSTOP)
        try:
            await scene.wait(10)
        finally:
            redis.signal(signal.SIGCONT)


@fault("cut-pubsub", "all subscriptions at Redis cut (CLIENT KILL TYPE pubsub), five times, in a burst of messages")
async def cut_pubsub(scene: Scene) -> None:
    with _rate(scene.crowd, 3):
        for _ in range(5):
            await scene.wait(scene.rng.uniform(0.5, 1.5))
            if not scene.town.lock("redis").locked():
                await _ask_redis(scene.production.redis.port, "CLIENT KILL TYPE pubsub")


async def _ask_redis(port: int, command: str) -> None:
    with contextlib.suppress(OSError):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"{command}\r\n".encode())
        await reader.readline()
        writer.close()


@fault("deaf-redis", "the line to Redis swallows everything for 10 s, and what was connected then stays dead for ever")
async def deaf_redis(scene: Scene) -> None:
    proxy = scene.production.proxy
    async with scene.town.lock("proxy"):
        proxy.go_deaf()
        try:
            await scene.wait(10)
        finally:
            proxy.hear_again()


# PostgreSQL


@fault("restart-postgresql", "PostgreSQL restarted: at once (SIGQUIT, with crash recovery) or fast (SIGINT)")
async def restart_postgresql(scene: Scene) -> None:
    postgresql = scene.production.postgresql
    async with scene.town.lock("postgresql"):
        if scene.rng.random() < 0.5:
            postgresql.signal(signal.SIGQUIT)
            if postgresql.process is not None:
                await asyncio.to_thread(postgresql.process.wait)
        await asyncio.to_thread(postgresql.stop)
        await scene.wait(scene.rng.uniform(0.2, 2))
        await scene.town.restart(postgresql)


@fault(
    "half-open-postgresql",
    "the line of one web process to PostgreSQL swallows everything for 10 s, and what was connected then stays dead",
)
async def half_open_postgresql(scene: Scene) -> None:
    proxy = scene.production.database_proxy
    async with scene.town.lock("database-proxy"):
        proxy.go_deaf()
        try:
            await asyncio.sleep(10)  # less than that would be over before anybody waits for too long
        finally:
            proxy.hear_again()
        if scene.alone:
            await scene.town.is_well()


# Clients


@fault("cut-clients", "every client cut off for 2 s, three times", embedded=True)
async def cut_clients(scene: Scene) -> None:
    for _ in range(3):
        await _away(scene.crowd.people, 2 * scene.scale, Person.cut)
        await scene.wait(2)


@fault("come-and-go", "half the clients leave and come back, three times", embedded=True)
async def come_and_go(scene: Scene) -> None:
    for _ in range(3):
        await _away(scene.crowd.half(), scene.rng.uniform(0.5, 3) * scene.scale, Person.leave)
        await scene.wait(1)


async def _away(people: list[Person], seconds: float, part: Callable[[Person], Awaitable[None] | None]) -> None:
    for person in people:
        person.present.clear()
    try:
        for person in people:
            if (parting := part(person)) is not None:
                await parting
        await asyncio.sleep(seconds)
    finally:
        for person in people:
            person.present.set()


@fault("take-out", "members taken out of a closed room and let in again, three at a time, twice", embedded=True)
async def take_out(scene: Scene) -> None:
    crowd = scene.crowd
    members = crowd.members()
    for _ in range(2):
        people = scene.rng.sample(members, min(3, len(members)))
        removals = [await crowd.take_out(person, promptly=scene.alone) for person in people]
        await scene.wait(1)
        people[0].cut()  # it comes back, with its place
        await scene.wait(4)
        for person, removal in zip(people, removals, strict=True):
            await crowd.let_in(person, removal)
        await scene.wait(1)


@fault("stall-readers", "a third of the clients stop reading for 12 s while long messages come", embedded=True)
async def stall_readers(scene: Scene) -> None:
    crowd = scene.crowd
    stalled = scene.rng.sample(crowd.people, len(crowd.people) // 3)
    for person in stalled:
        person.reading.clear()
    crowd.size = 7900
    try:
        with _rate(crowd, 2):
            await asyncio.sleep(12)  # less would not fill the buffers on the way
    finally:
        crowd.size = 0
        for person in stalled:
            person.reading.set()


@contextlib.contextmanager
def _rate(crowd: Crowd, factor: float) -> Iterator[None]:
    crowd.rate *= factor
    try:
        yield
    finally:
        crowd.rate /= factor


# Everything at once


@fault("mixed", "three of these at the same time, chosen at random", embedded=True)
async def mixed(scene: Scene) -> None:
    embedded = not isinstance(scene.town, Production)
    others = [
        each for each in FAULTS.values() if each.name not in ("calm", "mixed") and (each.embedded or not embedded)
    ]
    chosen = scene.rng.sample(others, 3)
    scene = replace(scene, alone=False)
    print(f"         at the same time: {', '.join(each.name for each in chosen)}", flush=True)

    async def later(each: Fault) -> None:
        await scene.wait(scene.rng.uniform(0, 3))
        await each.act(scene)

    async with asyncio.TaskGroup() as group:
        for each in chosen:
            group.create_task(later(each))
