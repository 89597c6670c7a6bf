"""Screens of a wall in several processes: they are in one list, and revoking their link ends all of them."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from harness.client import Client, eventually
from harness.cluster import Cluster

SET_UP = """
import json
from streams.models import *
from walls.models import *
from streams import catalogue
from streams.push import tokens
from walls import links
stream = catalogue.create_stream("wall-orders")
from boards.boards import show_on_board
board = show_on_board(stream, "wall-shop")
wall = Wall.objects.create(name="Shop")
wall.places.create(board=board)
print(json.dumps([tokens.issue_token(stream), links.issue_link(wall)]))
"""
REVOKE = "from walls import links; from walls.models import *; links.revoke_link(ScreenLink.objects.get())"
PAIR = (
    "from walls import codes; from walls.models import *;"
    "codes.pair(codes.find({code!r}), Wall.objects.get(name='Paired'), 'Hall')"
)
LIST = "import json; from walls import screens; print(json.dumps(screens.all_screens()))"
#: Seconds that an event may take on a busy machine; mostly less than the time to the next check of the database.
AT_ONCE = 5.0


@pytest.fixture
async def screens(cluster: Cluster) -> AsyncIterator[tuple[str, list[Client], str]]:
    """A push token, a screen in each of two processes, and the path of their socket."""
    push, link = json.loads(cluster.web[0].shell(SET_UP).splitlines()[-1])
    async with AsyncExitStack() as stack:
        found = []
        for web in cluster.web:
            client = await stack.enter_async_context(Client(web.address, token=link))
            path = f"/ws/boards/wall-shop/?id={web.name}"
            assert (await client.connect(path, origin=None))["type"] == "hello"
            await client.assert_event("snapshot")
            found.append(client)
        yield push, found, path


def push(cluster: Cluster, token: str, value: float) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    address = f"{cluster.nginx.address}/api/streams/wall-orders/"
    answer = httpx.post(address, json={"value": value}, headers=headers, verify=cluster.nginx.tls, trust_env=False)
    assert answer.status_code == 204, answer.text


async def test_all_screens_are_listed_and_a_revoked_link_ends_them_in_every_process(
    cluster: Cluster, screens: tuple[str, list[Client], str]
) -> None:
    token, clients, path = screens
    assert len({client.hello["process"] for client in clients}) == 2
    push(cluster, token, 1)
    for client in clients:
        await client.assert_event("update")

    def listed() -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = json.loads(cluster.web[0].shell(LIST).splitlines()[-1])
        return told if len(told) == 2 else []

    told = await eventually(listed, 30)
    assert {(each["connected"], each["board"], each["wall"]) for each in told} == {(True, "wall-shop", "Shop")}
    cluster.web[0].shell(REVOKE)
    began = time.monotonic()
    for client in clients:
        await client.assert_closed(4403, seconds=AT_ONCE)
    assert time.monotonic() - began < AT_ONCE
    push(cluster, token, 2)
    for client in clients:
        assert not [event for event in client.events if event["type"] == "update"]
        assert (await client.connect(path, origin=None))["type"] == "error"
        await client.assert_closed(4403)


def test_a_code_of_one_process_is_entered_at_another_and_found_by_all(cluster: Cluster) -> None:
    first, second = cluster.web[:2]
    first.shell("from walls.models import *; Wall.objects.create(name='Paired')")
    https = {"X-Forwarded-Proto": "https", "Host": "localhost"}
    with httpx.Client(headers=https, trust_env=False) as screen:
        kept = screen.get(f"{first.address}/wall/").headers["Set-Cookie"]
        assert {"HttpOnly", "Secure", "Path=/wall/"} <= set(kept.split("; "))
        # For HTTPS alone, and so carried by hand past the proxy.
        screen.headers["Cookie"] = f"screen={screen.cookies['screen']}"
        (code,) = {screen.get(f"{web.address}/wall/state/").json()["code"] for web in cluster.web}
        second.shell(PAIR.format(code=code))
        for web in cluster.web:
            assert screen.get(f"{web.address}/wall/state/").json() == {"code": None}
            assert "Paired" in screen.get(f"{web.address}/wall/").text
