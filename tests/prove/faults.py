"""The faults of a deployment. A fault returns when it is over; the recovery is up to the product."""

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
from tests.prove.client import Client
from tests.prove.clients import Clients, Stuck, until
from tests.prove.deployment import HALL, Deployment, Production, name_of
from tests.prove.record import Calm, LastMessage


@dataclass(slots=True)
class Target:
    """What a fault acts on.

    `scale`: 1 for the times in docs/reliability.md, less in a short run. `alone`: no other fault runs at the same
    time.
    """

    deployment: Deployment
    clients: Clients
    rng: random.Random
    scale: float = 1.0
    alone: bool = True

    @property
    def production(self) -> Production:
        assert isinstance(self.deployment, Production), "this fault needs Redis and PostgreSQL"
        return self.deployment

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds * self.scale)


Act = Callable[[Target], Awaitable[None]]

#: While nothing is wrong, how often each silent room gets a single message. If it is lost, no later one reveals that.
SINGLE_MESSAGES: Final = 8


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
async def calm(target: Target) -> None:
    await target.deployment.is_well()
    began = time.monotonic()
    await target.wait(6)
    with target.clients.silence():
        for _ in range(SINGLE_MESSAGES):
            await target.clients.single_messages(3 * PROMPT)
    target.clients.record.calms.append(Calm(began, time.monotonic()))


@fault("kill-web", "kill -9 of a web process, and its restart; twice", embedded=True)
async def kill_web(target: Target) -> None:
    for _ in range(2):
        web = target.rng.choice(target.deployment.webs)
        async with target.deployment.lock(web.name):
            await asyncio.to_thread(web.kill)
            await target.wait(target.rng.uniform(0.5, 2))
            await target.deployment.restart(web)
        await target.wait(1)


@fault("rolling", "SIGTERM to one web process after the other, and their restart: a deploy", embedded=True)
async def rolling(target: Target) -> None:
    for web in target.deployment.webs:
        async with target.deployment.lock(web.name):
            await _stop(target, web)
            await target.deployment.restart(web)


async def _stop(target: Target, web: Web) -> None:
    process = web.process
    if target.alone and isinstance(target.deployment, Production):
        await _stop_while_writing(target, web)
    else:
        await asyncio.to_thread(web.stop)
    if process is not None and process.returncode != 0:
        target.clients.record.failures.append(f"{web.name} ended with {process.returncode} after SIGTERM")


async def _stop_while_writing(target: Target, web: Web) -> None:
    """Stop a process that holds a message for a silent room, and block its write until all its sockets are gone."""
    clients, name = target.clients, await asyncio.to_thread(name_of, web)
    there = [client for client in clients.all if client.hears(HALL)]
    speakers = [client for client in there if client.process == name]
    if not speakers:
        await asyncio.to_thread(web.stop)
        return
    async with target.production.locked(HALL):
        id = await speakers[0].post_alone(speakers[0].rooms[HALL])
        await asyncio.sleep(0.2)  # for the process to take it
        stopping = asyncio.create_task(asyncio.to_thread(web.stop))
        with contextlib.suppress(Stuck):
            await until(lambda: not any(client.is_at(name) for client in speakers), 5, "its sockets are closed")
        await asyncio.sleep(0.5)
    listeners = [client for client in there if client.process != name]
    message = LastMessage(HALL, id, time.monotonic(), tuple(client.name for client in listeners))
    clients.record.last_messages.append(message)
    with contextlib.suppress(Stuck):  # the checker tells who did not
        await until(lambda: all(client.has(HALL, id) for client in listeners), PROMPT, "all have heard it")
    await stopping


# Redis


@fault("kill-redis", "kill -9 of Redis, and its restart after some seconds")
async def kill_redis(target: Target) -> None:
    redis = target.production.redis
    async with target.deployment.lock("redis"):
        await asyncio.to_thread(redis.kill)
        await target.wait(target.rng.uniform(2, 5))
        await asyncio.to_thread(redis.start)


@fault("freeze-redis", "Redis stopped for 10 s (SIGSTOP, SIGCONT)")
async def freeze_redis(target: Target) -> None:
    redis = target.production.redis
    async with target.deployment.lock("redis"):
        redis.signal(signal.SIGSTOP)
        try:
            await target.wait(10)
        finally:
            redis.signal(signal.SIGCONT)


@fault("cut-pubsub", "all subscriptions at Redis cut (CLIENT KILL TYPE pubsub), five times, in a burst of messages")
async def cut_pubsub(target: Target) -> None:
    with _rate(target.clients, 3):
        for _ in range(5):
            await target.wait(target.rng.uniform(0.5, 1.5))
            if not target.deployment.lock("redis").locked():
                await _ask_redis(target.production.redis.port, "CLIENT KILL TYPE pubsub")


async def _ask_redis(port: int, command: str) -> None:
    with contextlib.suppress(OSError):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"{command}\r\n".encode())
        await reader.readline()
        writer.close()


@fault("deaf-redis", "the connection to Redis swallows everything for 10 s, and connections of that time stay dead")
async def deaf_redis(target: Target) -> None:
    proxy = target.production.proxy
    async with target.deployment.lock("proxy"):
        proxy.go_deaf()
        try:
            await target.wait(10)
        finally:
            proxy.hear_again()


# PostgreSQL


@fault("restart-postgresql", "PostgreSQL restarted: at once (SIGQUIT, with crash recovery) or fast (SIGINT)")
async def restart_postgresql(target: Target) -> None:
    postgresql = target.production.postgresql
    async with target.deployment.lock("postgresql"):
        if target.rng.random() < 0.5:
            postgresql.signal(signal.SIGQUIT)
            if postgresql.process is not None:
                await asyncio.to_thread(postgresql.process.wait)
        await asyncio.to_thread(postgresql.stop)
        await target.wait(target.rng.uniform(0.2, 2))
        await target.deployment.restart(postgresql)


@fault(
    "half-open-postgresql",
    "the line of one web process to PostgreSQL swallows everything for 10 s, and what was connected then stays dead",
)
async def half_open_postgresql(target: Target) -> None:
    proxy = target.production.database_proxy
    async with target.deployment.lock("database-proxy"):
        proxy.go_deaf()
        try:
            await asyncio.sleep(10)  # less than that would be over before anybody waits for too long
        finally:
            proxy.hear_again()
        if target.alone:
            await target.deployment.is_well()


# Clients


@fault("cut-clients", "every client cut off for 2 s, three times", embedded=True)
async def cut_clients(target: Target) -> None:
    for _ in range(3):
        await _disconnect(target.clients.all, 2 * target.scale, Client.cut)
        await target.wait(2)


@fault("come-and-go", "half the clients leave and come back, three times", embedded=True)
async def come_and_go(target: Target) -> None:
    for _ in range(3):
        await _disconnect(target.clients.half(), target.rng.uniform(0.5, 3) * target.scale, Client.leave)
        await target.wait(1)


async def _disconnect(chosen: list[Client], seconds: float, part: Callable[[Client], Awaitable[None] | None]) -> None:
    for client in chosen:
        client.present.clear()
    try:
        for client in chosen:
            if (parting := part(client)) is not None:
                await parting
        await asyncio.sleep(seconds)
    finally:
        for client in chosen:
            client.present.set()


@fault("take-out", "members taken out of a closed room and let in again, three at a time, twice", embedded=True)
async def take_out(target: Target) -> None:
    clients = target.clients
    members = clients.members()
    for _ in range(2):
        chosen = target.rng.sample(members, min(3, len(members)))
        removals = [await clients.take_out(client, promptly=target.alone) for client in chosen]
        await target.wait(1)
        chosen[0].cut()  # it comes back and resumes
        await target.wait(4)
        for client, removal in zip(chosen, removals, strict=True):
            await clients.let_in(client, removal)
        await target.wait(1)


@fault("stall-readers", "a third of the clients stop reading for 12 s while long messages come", embedded=True)
async def stall_readers(target: Target) -> None:
    clients = target.clients
    stalled = target.rng.sample(clients.all, len(clients.all) // 3)
    for client in stalled:
        client.reading.clear()
    clients.size = 7900
    try:
        with _rate(clients, 2):
            await asyncio.sleep(12)  # less would not fill the buffers on the way
    finally:
        clients.size = 0
        for client in stalled:
            client.reading.set()


@contextlib.contextmanager
def _rate(clients: Clients, factor: float) -> Iterator[None]:
    clients.rate *= factor
    try:
        yield
    finally:
        clients.rate /= factor


# Everything at once


@fault("mixed", "three of these at the same time, chosen at random", embedded=True)
async def mixed(target: Target) -> None:
    embedded = not isinstance(target.deployment, Production)
    others = [
        each for each in FAULTS.values() if each.name not in ("calm", "mixed") and (each.embedded or not embedded)
    ]
    chosen = target.rng.sample(others, 3)
    target = replace(target, alone=False)
    print(f"         at the same time: {', '.join(each.name for each in chosen)}", flush=True)

    async def later(each: Fault) -> None:
        await target.wait(target.rng.uniform(0, 3))
        await each.act(target)

    async with asyncio.TaskGroup() as group:
        for each in chosen:
            group.create_task(later(each))
