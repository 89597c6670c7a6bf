"""Processes restart, Redis dies or freezes, and nobody misses a message."""

import asyncio
import signal
from contextlib import AsyncExitStack

from harness.client import Client, eventually
from harness.cluster import Cluster
from harness.servers import PostgreSQL, Redis
from tests.system.reconnecting_clients import ReconnectingClient, connect_to_all


async def everyone_has(clients: list[ReconnectingClient], wanted: list[str], seconds: float = 30) -> None:
    """Assert that each client has these messages, in this order, each once."""
    await eventually(lambda: all(len(client.received) >= len(wanted) for client in clients), seconds)
    for client in clients:
        assert client.bodies == wanted


async def test_a_process_that_stops_says_when_to_come_back(cluster: Cluster) -> None:
    web = cluster.web[0]
    async with Client(web.address) as client:
        await client.connect("/ws/echo/", origin=None)
        assert web.process
        web.signal(signal.SIGTERM)
        try:
            notice = await client.assert_event("notice", code="draining")
            assert 0 < notice["retry_after"] <= 30
            await client.assert_closed(1012)
            await eventually(lambda: web.process and web.process.poll() is not None)
            assert web.process.returncode == 0
        finally:
            web.stop()
            web.start()


async def test_a_rolling_restart_loses_nothing(cluster: Cluster) -> None:
    async with AsyncExitStack() as stack:
        clients = await connect_to_all(stack, cluster, 6)
        wanted = []
        for number in range(60):
            if number in (15, 40):
                web = cluster.web[0 if number == 15 else 1]
                web.signal(signal.SIGTERM)
            if number in (30, 55):
                web.stop()
                web.start()
            wanted.append(f"rolling {number}")
            await clients[number % 6].post(wanted[-1])
        await everyone_has(clients, wanted)
        assert all(len(client.processes) > 1 for client in clients)


async def test_messages_arrive_while_redis_is_dead_and_when_it_is_back(cluster: Cluster, redis: Redis) -> None:
    async with AsyncExitStack() as stack:
        clients = await connect_to_all(stack, cluster, 4)
        wanted = [f"redis {number}" for number in range(15)]
        redis.kill()
        try:
            for body in wanted[:5]:
                await clients[0].post(body)
            await everyone_has(clients, wanted[:5])
        finally:
            redis.start()
        for body in wanted[5:]:
            await clients[1].post(body)
        await everyone_has(clients, wanted)


async def test_messages_arrive_while_redis_is_frozen(cluster: Cluster, redis: Redis) -> None:
    async with AsyncExitStack() as stack:
        clients = await connect_to_all(stack, cluster, 4)
        wanted = [f"frozen {number}" for number in range(8)]
        redis.signal(signal.SIGSTOP)
        try:
            for body in wanted[:4]:
                await clients[0].post(body)
            await everyone_has(clients, wanted[:4])
        finally:
            redis.signal(signal.SIGCONT)
        for body in wanted[4:]:
            await clients[1].post(body)
        await everyone_has(clients, wanted)


async def test_messages_arrive_when_postgresql_is_back(cluster: Cluster, postgresql: PostgreSQL) -> None:
    async with AsyncExitStack() as stack:
        clients = await connect_to_all(stack, cluster, 4)
        wanted = [f"postgresql {number}" for number in range(4)]
        await clients[0].post(wanted[0])
        postgresql.kill()
        try:
            meanwhile = asyncio.create_task(clients[0].post(wanted[1]))
            await eventually(lambda: cluster.get("/readyz").status_code == 503)
        finally:
            postgresql.start()
        assert (await meanwhile)["type"] == "ack"
        for body in wanted[2:]:
            await clients[1].post(body)
        await everyone_has(clients, wanted)
    await eventually(lambda: is_well(cluster))


def is_well(cluster: Cluster) -> bool:
    """Whether no process has a dead connection left in its pool. (Each would make one request fail.)"""
    return all(cluster.get("/readyz").status_code == 200 for _ in range(40))
