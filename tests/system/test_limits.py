"""A person with many sockets on two processes, and HTTP, gets one share. Others do not wait because of them."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import httpx
import pytest
from redis.asyncio import Redis as RedisClient

from harness.client import Client, eventually
from harness.cluster import Cluster
from harness.launcher import Launcher
from harness.servers import PostgreSQL, Redis

BURST, RATE, SECONDS = 60, 20, 5


@pytest.fixture(scope="module")
def site(launcher: Launcher, postgresql: PostgreSQL, redis: Redis) -> Iterator[Cluster]:
    """A cluster whose limits are those of production."""
    limits = {"HTTPS": "0", "COMMAND_BURST": str(BURST), "COMMANDS_PER_SECOND": str(RATE)}
    cluster = Cluster(launcher, postgresql, redis, more_settings=limits)
    cluster.start()
    yield cluster
    cluster.stop()


async def sockets_of(stack: AsyncExitStack, site: Cluster, name: str, count: int) -> AsyncIterator[Client]:
    """Sign one guest in, and open `count` sockets, in turn to each process, that are joined to the lobby."""
    first = await stack.enter_async_context(await Client.guest(site.web[0].address, name))
    for number in range(count):
        client = await stack.enter_async_context(Client(site.web[number % 2].address))
        client.http.cookies = first.http.cookies
        assert (await client.connect())["type"] == "hello"
        yield client


async def test_a_person_stores_as_much_on_twenty_sockets_as_on_one(site: Cluster) -> None:
    async with AsyncExitStack() as stack:
        clients = [client async for client in sockets_of(stack, site, "Greedy", 20)]
        (other,) = [client async for client in sockets_of(stack, site, "Other", 1)]
        await other.call("join", room="lobby", limit=1)
        for client in clients:
            await client.call("join", room="lobby", limit=1)
        until = time.monotonic() + SECONDS
        took: list[float] = []
        csrf = (await clients[0].http.get("/")).cookies.get("csrftoken") or ""

        async def flood(client: Client) -> int:
            stored = 0
            while time.monotonic() < until:
                ref = await client.send_command("send", room="lobby", id=str(uuid.uuid4()), body="x")
                stored += (await client.reply(ref))["type"] == "ack"
                await asyncio.sleep(0.05)  # twenty a second on each: that closes no socket
            return stored

        async def flood_by_http() -> int:
            stored = 0
            while time.monotonic() < until:
                answer = await clients[0].http.post(
                    "/api/rooms/lobby/messages/",
                    json={"id": str(uuid.uuid4()), "body": "y"},
                    headers={"X-CSRFToken": csrf, "Referer": site.web[0].address},
                )
                stored += answer.status_code == 201
            return stored

        async def talk() -> None:
            """Note how long each message of another person takes."""
            while time.monotonic() < until:
                began = time.monotonic()
                await other.say("lobby", "z")
                took.append(time.monotonic() - began)
                await asyncio.sleep(0.1)

        talking = asyncio.create_task(talk())
        *stored, by_http = await asyncio.gather(*map(flood, clients), flood_by_http())
        await talking
        # Joining has used some of both processes' bursts, and the last answers took time.
        assert SECONDS * RATE / 2 <= sum(stored) + by_http <= len(site.web) * BURST + (SECONDS + 1) * RATE
        assert sorted(took)[len(took) // 2] < 0.5


async def test_each_process_limits_by_itself_while_redis_is_away(site: Cluster, redis: Redis) -> None:
    async with AsyncExitStack() as stack:
        one, two = [client async for client in sockets_of(stack, site, "Lonely", 2)]
        redis.kill()
        try:
            for client in (one, two):
                refs = [await client.send_command("ping") for _ in range(BURST + 40)]
                answers = [(await client.reply(ref))["type"] for ref in refs]
                assert BURST - 5 <= answers.count("pong") < BURST + 40
        finally:
            redis.start()


async def test_who_guesses_a_password_at_two_doors_gets_no_more_tries(site: Cluster) -> None:
    site.web[0].shell("from accounts.models import User; User.objects.create_user('ada', 'correct horse battery')")
    async with AsyncExitStack() as stack:
        doors = [
            await stack.enter_async_context(httpx.AsyncClient(base_url=web.address, timeout=60)) for web in site.web
        ]
        tokens = [(await door.get("/sign-in/")).cookies["csrftoken"] or "" for door in doors]

        async def guess(number: int) -> str:
            form = {"username": "ada", "password": "wrong", "csrfmiddlewaretoken": tokens[number % 2]}
            return (await doors[number % 2].post("/sign-in/", data=form)).text

        began = time.monotonic()
        pages = await asyncio.gather(*map(guess, range(30)))
        tried = sum("do not go together" in page for page in pages)
        assert 10 <= tried <= 11 + (time.monotonic() - began) / 10
        assert tried + sum("Too many tries" in page for page in pages) == 30


async def test_the_sockets_of_a_person_are_counted_over_all_processes(site: Cluster, redis: Redis) -> None:
    async with AsyncExitStack() as stack:
        clients = [client async for client in sockets_of(stack, site, "Many", 24)]
        for client in clients[:4]:
            await client.assert_closed(4409)
        assert all(client.is_connected for client in clients[4:])
        redis.kill()
        redis.start()
        # Both processes tell an empty Redis of what they have: 10 each.
        more = clients[0]
        await eventually(lambda: redis_has(redis, 20))
        await more.connect()
        await clients[4].assert_closed(4409)
        assert all(client.is_connected for client in [more, *clients[5:]])


async def redis_has(redis: Redis, count: int) -> bool:
    """Return whether Redis knows of this many sockets of one person."""
    async with RedisClient.from_url(redis.url, decode_responses=True) as client:
        told = [await client.hgetall(key) async for key in client.scan_iter("*:sockets:*")]
    return any(len(" ".join(map(str, each.values())).split()) == count for each in told)
