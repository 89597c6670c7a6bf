"""Two web processes and a worker on PostgreSQL and Redis, behind nginx, are one Switchboard."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import httpx
import pytest

from harness.client import Client, eventually
from harness.cluster import Cluster
from harness.servers import Web
from tests.system.reconnecting_clients import connect_to_all

Pair = Callable[[], Awaitable[tuple[Client, Client]]]


async def process_of(web: Web) -> str:
    """Return the name that a web process gives itself."""
    async with Client(web.address) as client:
        return str((await client.connect("/ws/echo/", origin=None))["process"])


def status_of(web: Web) -> dict[str, int]:
    """Ask one process for the status of all."""
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "127.0.0.1"}
    found: dict[str, int] = httpx.get(f"{web.address}/api/status/", headers=headers, trust_env=False).json()
    return found


@pytest.fixture
async def pair(cluster: Cluster) -> AsyncIterator[Pair]:
    """Makes two guests, connected through nginx, with sockets in different processes."""
    async with AsyncExitStack() as stack:

        async def make() -> tuple[Client, Client]:
            clients: list[Client] = []
            for name in ("Ada", "Grace"):
                client = await Client.guest(cluster.nginx.address, name, cluster.nginx.tls)
                clients.append(await stack.enter_async_context(client))
                await client.connect()
            ada, grace = clients
            for _ in range(20):
                if ada.hello["process"] != grace.hello["process"]:
                    return ada, grace
                await grace.connect()
            raise AssertionError("nginx gave all sockets to one process")

        yield make


async def test_a_message_reaches_a_client_of_the_other_process(pair: Pair) -> None:
    ada, grace = await pair()
    for client in (ada, grace):
        await client.call("join", room="lobby")
    ack = await ada.say("lobby", "Hello over there")
    for client in (ada, grace):
        message = await client.assert_event("message", room="lobby", id=ack["id"])
        assert (message["rev"], message["seq"]) == (ack["rev"], ack["seq"])
    again = await grace.say("lobby", "Hello yourself")
    await ada.assert_event("message", room="lobby", id=again["id"], seq=ack["seq"] + 1)


async def test_messages_of_both_processes_come_in_one_order(pair: Pair) -> None:
    ada, grace = await pair()
    for client in (ada, grace):
        await client.call("join", room="lobby")
    posts = [client.say("lobby", f"{client.user['name']} {number}") for number in range(20) for client in (ada, grace)]
    acks = await asyncio.gather(*posts)
    wanted = sorted((ack["rev"], ack["seq"]) for ack in acks)
    for client in (ada, grace):
        got = [await client.assert_event("message", room="lobby") for _ in acks]
        assert [(message["rev"], message["seq"]) for message in got] == wanted
        await client.assert_silence("message", seconds=0.3)


async def test_presence_knows_people_of_both_processes(pair: Pair) -> None:
    ada, grace = await pair()
    await ada.call("join", room="lobby")
    await eventually(lambda: _online(grace, ada))
    await grace.call("join", room="lobby")


async def _online(here: Client, other: Client) -> bool:
    joined = await here.call("join", room="lobby")
    await here.call("leave", room="lobby")
    return other.user in joined["online"]


async def test_the_client_count_is_the_sum(cluster: Cluster, pair: Pair) -> None:
    before = await eventually(lambda: _agreed(cluster))
    await pair()
    await eventually(lambda: all(status_of(web)["clients"] == before["clients"] + 2 for web in cluster.web), seconds=20)
    assert status_of(cluster.web[0])["processes"] == 2


async def _agreed(cluster: Cluster) -> dict[str, int] | None:
    """Return the status once no socket is open any more and both processes say so."""
    one, other = (status_of(web) for web in cluster.web)
    return one if one["clients"] == other["clients"] == 0 else None


async def test_strangers_on_different_processes_are_paired(pair: Pair) -> None:
    ada, grace = await pair()
    await ada.send_command("roulette.enter")
    await ada.assert_event("roulette.waiting")
    await grace.send_command("roulette.enter")
    paired = await ada.assert_event("roulette.paired", partner=grace.user)
    await grace.assert_event("roulette.paired", partner=ada.user, room=paired["room"])
    ack = await grace.say(paired["room"], "Hello, stranger")
    await ada.assert_event("message", room=paired["room"], id=ack["id"])
    await ada.send_command("roulette.leave")
    await grace.assert_event("roulette.ended", room=paired["room"], reason="partner_left")


async def test_boards_of_both_processes_get_the_workers_values(cluster: Cluster, pair: Pair) -> None:
    ada, grace = await pair()
    holders = set()
    values: list[dict[int, float]] = []
    for client in (ada, grace):
        wanted = client.hello["process"]
        while (await client.connect("/ws/boards/counter/"))["process"] != wanted:
            pass
        holders.add(wanted)
    assert len(holders) == 2
    for client in (ada, grace):
        [slug] = [
            slug
            for slug, stream in (await client.assert_event("snapshot"))["streams"].items()
            if stream["kind"] == "number"
        ][:1]
        seen: dict[int, float] = {}
        while len(seen) < 6:
            update = (await client.assert_event("update"))["streams"].get(slug)
            if update:
                seen[update["seq"]] = update["value"]
        values.append(seen)
    common = values[0].keys() & values[1].keys()
    assert common, "the two never saw the same sample"
    assert all(values[0][seq] == values[1][seq] for seq in common)


async def test_who_loses_a_process_comes_back_on_the_other_and_misses_nothing(cluster: Cluster) -> None:
    killed, survivor = cluster.web
    killed_process, surviving_process = await process_of(killed), await process_of(survivor)
    async with AsyncExitStack() as stack:
        clients = await connect_to_all(stack, cluster, least=8)
        writer = clients[0]
        lost = [client for client in clients if client.processes[-1] == killed_process]
        assert lost
        wanted = []
        try:
            for number in range(80):
                if number == 30:
                    killed.kill()
                wanted.append(f"message {number}")
                await writer.post(wanted[-1])
            await eventually(lambda: all(len(client.received) >= len(wanted) for client in clients), seconds=30)
            for client in clients:
                assert client.bodies == wanted
                revs = [message["rev"] for message in client.received]
                assert revs == sorted(set(revs))
            assert {client.processes[-1] for client in lost} == {surviving_process}
        finally:
            if killed.process is None:
                killed.start()


async def test_what_postgresql_cannot_store_fails_nobody_else(cluster: Cluster, pair: Pair) -> None:
    """Sessions of sockets that open together are read in one query: a stranger's key must not fail the others."""
    odd = r'sessionid="aaaaaaaaaaaaaaaa\000b"'  # a NUL, as cookies are read
    assert cluster.get("/", Cookie=odd).status_code == 200
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "127.0.0.1"}
    path = f"{cluster.web[0].address}/join/%00/"  # which nginx refuses itself
    ada, grace = await pair()
    assert (await ada.http.get(path, headers=forwarded)).status_code == 400

    async def come_as(cookie: str) -> str:
        async with Client(cluster.web[0].address, headers={"Cookie": cookie, **forwarded}) as client:
            return str((await client.connect(origin=f"https://127.0.0.1:{cluster.web[0].port}"))["type"])

    own = [f"sessionid={each.http.cookies['sessionid']}" for each in (ada, grace)]
    for _ in range(3):
        came = await asyncio.gather(*map(come_as, [odd, own[0], odd, own[1]]), return_exceptions=True)
        assert came == ["error", "hello", "error", "hello"]
