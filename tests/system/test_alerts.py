"""Alerts while the workers that watch are killed: each incident has one card, and none is lost."""

import random
from collections.abc import Iterator

import httpx
import psycopg
import pytest

from harness.client import Client, Event, eventually
from harness.cluster import Cluster
from harness.servers import Worker

EPISODES = 12
KILLS = 3


@pytest.fixture
def token(cluster: Cluster) -> Iterator[str]:
    """A token to push into a stream that a rule watches, for the room `alarms`."""
    web = cluster.web[0]
    token = web.manage("createstream", "oven", "--push", "--label", "Oven", "--unit", "°C").strip().splitlines()[-1]
    web.shell(
        "from chat.models import Room; from streams.models import Stream\n"
        "from alerts.models import AlertRule\n"
        "Room.objects.create(slug='alarms', name='alarms', guests=True)\n"
        "stream = Stream.objects.get(slug='oven')\n"
        "AlertRule.objects.create(stream=stream, limit=90, hold=0, settle=0, room='alarms', severity='crit')"
    )
    yield token
    web.shell("from alerts.models import AlertRule; AlertRule.objects.all().delete()")


def on_duty(cluster: Cluster, workers: list[Worker]) -> Worker | None:
    """Return the worker that watches now."""
    with psycopg.connect(cluster.worker.settings["DATABASE_URL"], autocommit=True) as connection:
        row = connection.execute("SELECT holder FROM alerts_alertduty WHERE expires_at > now()").fetchone()
    pid = int(row[0].split(":")[1]) if row and row[0] else 0
    return next((worker for worker in workers if worker.process and worker.process.pid == pid), None)


async def test_each_incident_has_one_card_whichever_worker_is_killed(
    cluster: Cluster, workers: list[Worker], token: str
) -> None:
    chance = random.Random(7)
    cards: dict[int, Event] = {}
    async with (
        await Client.guest(cluster.nginx.address, "Watcher", cluster.nginx.tls) as watcher,
        httpx.AsyncClient(base_url=cluster.nginx.address, verify=cluster.nginx.tls, trust_env=False) as pusher,
    ):
        pusher.headers["Authorization"] = f"Bearer {token}"
        await watcher.connect()
        await watcher.call("join", room="alarms")

        async def push(value: int) -> None:
            (await pusher.post("/api/streams/oven/", json={"value": value})).raise_for_status()

        async def hear() -> bool:
            """Read the room's events; return whether all incidents are over."""
            try:
                while True:
                    event = await watcher.assert_event("message", seconds=0.2)
                    before = cards.get(event["seq"])
                    assert before is None or before["rev"] < event["rev"], "each change once, in order"
                    cards[event["seq"]] = event
            except AssertionError as error:
                if "once, in order" in str(error):
                    raise
            return len(cards) >= EPISODES and all(card["alert"]["until"] for card in cards.values())

        await push(20)
        await eventually(lambda: on_duty(cluster, workers), seconds=20)
        for episode in range(EPISODES):
            await push(200 + episode)
            await hear()
            if episode % (EPISODES // KILLS) == 1:
                victim = await eventually(lambda: on_duty(cluster, workers), seconds=20)
                await eventually(lambda: chance.random() < 0.2)  # at any point of its round
                victim.kill()
                victim.start()
            await push(20)
            await hear()
        await eventually(hear, seconds=60)
        page = await watcher.call("join", room="alarms", limit=200)
    assert sorted(cards) == list(range(1, EPISODES + 1)), "one card each"
    assert {card["id"] for card in cards.values()} == {message["id"] for message in page["messages"]}
    assert [message["alert"] for message in page["messages"]] == [cards[seq]["alert"] for seq in sorted(cards)]
    assert all(message["alert"]["state"] == "resolved" for message in page["messages"])
