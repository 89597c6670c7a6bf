"""PostgreSQL is away, or one process's connection to it is dead but open: everybody is told soon."""

import asyncio
import threading
import time
import uuid
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import psycopg
import pytest
from websockets.exceptions import InvalidStatus

from harness.client import Client, Event, eventually
from harness.cluster import Cluster
from harness.launcher import Launcher, free_port
from harness.servers import PostgreSQL, Redis, Web
from tests.prove.proxy import Proxy

#: Seconds within which everything is answered: the database's PATIENCE, a check of the writer, a slow machine.
ANSWERED = 13.0


class Line:
    """The connection of one web process to PostgreSQL, in its own thread."""

    def __init__(self, target: int) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.proxy = Proxy(free_port(), target)
        self.run(self.proxy.start())

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    def go_deaf(self) -> None:
        self.loop.call_soon_threadsafe(self.proxy.go_deaf)

    def hear_again(self) -> None:
        self.loop.call_soon_threadsafe(self.proxy.hear_again)

    def end(self) -> None:
        self.run(self.proxy.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)


@pytest.fixture(scope="module")
def line(postgresql: PostgreSQL) -> Iterator[Line]:
    line = Line(postgresql.port)
    yield line
    line.end()


@pytest.fixture(scope="module")
def cluster(launcher: Launcher, postgresql: PostgreSQL, redis: Redis, line: Line) -> Iterator[Cluster]:
    """Two web processes; the first has PostgreSQL by `line`."""
    cluster = Cluster(launcher, postgresql, redis, more_settings={"HTTPS": "0"})  # asked past nginx, too
    first = cluster.web[0].settings
    first["DATABASE_URL"] = first["DATABASE_URL"].replace(f":{postgresql.port}/", f":{line.proxy.port}/")
    cluster.start()
    yield cluster
    cluster.stop()


async def ready(web: Web) -> httpx.Response:
    return await asyncio.to_thread(httpx.get, f"{web.address}/readyz", trust_env=False)


async def answers(client: Client, refs: list[str], seconds: float) -> list[Event]:
    """Return the answers to the commands with these refs that come within `seconds`, or before the socket closes."""
    deadline = time.monotonic() + seconds
    found = []
    for ref in refs:
        try:
            found.append(await client.reply(ref, deadline - time.monotonic()))
        except AssertionError:
            break
    return found


async def test_a_process_whose_line_is_dead_sends_its_clients_to_others_and_comes_back(
    cluster: Cluster, line: Line
) -> None:
    away, well = cluster.web
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(await Client.guest(away.address, "Ada"))
        there = await stack.enter_async_context(await Client.guest(well.address, "Bert"))
        for client in (here, there):
            await client.connect()
            await client.call("join", room="lobby")
        ids = [str(uuid.uuid4()) for _ in range(20)]
        line.go_deaf()
        try:
            refs = [await here.send_command("send", room="lobby", id=id, body="on a dead line") for id in ids]
            notice = await here.assert_event("notice", 30, code="away")
            assert 0 < notice["retry_after"] < 10
            assert notice["detail"] == "The database does not answer."
            assert all(each["type"] == "ack" or each["code"] == "busy" for each in await answers(here, refs, ANSWERED))
            await here.assert_closed(1013)
            with pytest.raises(InvalidStatus) as refused:  # so that nginx asks the next process
                await here.connect()
            assert refused.value.response.status_code == 503
            assert (await ready(away)).json()["database"] == "The database does not answer."
            assert (await ready(well)).status_code == 200
            assert (await there.say("lobby", "all is well here"))["seq"]
            page = await asyncio.to_thread(cluster.get, "/")
            assert page.status_code == 200, "nginx passes over the one that is away"
        finally:
            line.hear_again()

        async def is_back() -> bool:
            return (await ready(away)).status_code == 200

        await eventually(is_back)
        await here.connect()
        await here.call("join", room="lobby")
        seqs = [(await here.say("lobby", "on a dead line", id))["seq"] for id in ids]
        assert len(set(seqs)) == len(ids)
        told = [await there.assert_event("message", id=id) for id in ids]
        assert [each["seq"] for each in told] == seqs


async def test_while_there_is_no_database_everybody_is_told_so(cluster: Cluster, postgresql: PostgreSQL) -> None:
    web = cluster.web[1]
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(await Client.guest(web.address, "Waiting"))
        late = Client(web.address)
        late.http.cookies = client.http.cookies
        await stack.enter_async_context(late)
        await client.connect()
        await client.call("join", room="lobby")
        postgresql.kill()
        try:
            await _all_is_busy(client)
            await _all_is_unavailable(client.http, web)
            await _is_told(late)
        finally:
            postgresql.start()
        await eventually(lambda: web.is_ready())
        assert client.is_connected, "nobody else has a database either, so nobody was sent away"
        await client.call("join", room="lobby")
        assert (await client.say("lobby", "it is back"))["type"] == "ack"


async def test_a_database_that_is_read_only_is_read_and_not_written(cluster: Cluster, postgresql: PostgreSQL) -> None:
    web = cluster.web[1]
    name = web.settings["DATABASE_URL"].rsplit("/", 1)[1]
    async with await Client.guest(web.address, "Reader") as client:
        await client.connect()
        await client.call("join", room="lobby")
        _set(postgresql, name, "SET default_transaction_read_only = on")
        try:

            async def is_not_ready() -> bool:
                return (await ready(web)).status_code == 503

            await eventually(is_not_ready)
            assert (await ready(web)).json()["database"] == "The database is read-only: nothing can be saved."
            ref = await client.send_command("send", room="lobby", id=str(uuid.uuid4()), body="nowhere to be kept")
            busy = await client.assert_failed(ref, "busy")
            assert busy["detail"].startswith("The database is read-only: nothing can be saved.")
            assert (await client.call("join", room="kitchen"))["type"] == "joined", "what is there can be read"
            assert (await client.http.get("/api/rooms/")).status_code == 200
        finally:
            _set(postgresql, name, "RESET default_transaction_read_only")
        await eventually(lambda: web.is_ready(), 30)
        assert (await client.say("lobby", "it is kept again"))["type"] == "ack"


def _set(postgresql: PostgreSQL, name: str, what: str) -> None:
    with psycopg.connect(postgresql.url("postgres"), autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" {what}')
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])


async def _all_is_busy(client: Client) -> None:
    began = time.monotonic()
    commands: list[tuple[str, dict[str, Any]]] = [
        ("send", {"room": "lobby", "id": str(uuid.uuid4()), "body": "nowhere to be written"}),
        ("edit", {"room": "lobby", "seq": 1, "body": "other"}),
        ("read", {"room": "lobby", "seq": 1}),
        ("roulette.enter", {"tags": []}),
        ("join", {"room": "kitchen"}),
        ("join", {"room": "lobby", "after": 0}),
    ]
    refs = [await client.send_command(type, **fields) for type, fields in commands]
    for (type, _), ref in zip(commands, refs, strict=True):
        answer = await client.reply(ref, ANSWERED)
        assert (answer.get("code"), answer["type"]) == ("busy", "error"), f"{type}: {answer}"
        assert answer["retry_after"] > 0
    assert time.monotonic() - began < ANSWERED


async def _all_is_unavailable(http: httpx.AsyncClient, web: Web) -> None:
    message = {"id": str(uuid.uuid4()), "body": "nowhere either"}
    token = {"X-CSRFToken": http.cookies["csrftoken"]}
    push = {"Authorization": "Bearer push_whatever"}
    calls = [
        http.post("/api/rooms/lobby/messages/", json=message, headers=token, timeout=ANSWERED),
        http.get("/api/rooms/", timeout=ANSWERED),
        http.get("/api/status/", timeout=ANSWERED),
        http.post("/api/streams/orders/", json={"value": 1}, headers=push, timeout=ANSWERED),
        http.post("/api/session/", json={"name": "Newcomer"}, timeout=ANSWERED),
    ]
    for answer in await asyncio.gather(*calls):
        assert answer.status_code == 503, answer.url
        assert answer.json()["error"]["code"] == "busy"
        assert int(answer.headers["Retry-After"]) > 0
    pages = ["/", "/rooms/lobby/", "/boards/", "/roulette/", "/admin/", "/wall/", "/nothing/here/"]
    for page in await asyncio.gather(*[http.get(path, timeout=ANSWERED) for path in pages]):
        assert page.status_code in (503, 302, 404), page.url
        assert "Traceback" not in page.text
        assert page.status_code != 503 or "The database does not answer." in page.text
    assert (await ready(web)).status_code == 503
    assert (await http.get("/healthz")).status_code == 200


async def _is_told(late: Client) -> None:
    with pytest.raises(AssertionError, match="no hello"):
        await late.connect()
    notice = await late.assert_event("notice", code="away")
    assert notice["retry_after"] > 0
    assert notice["detail"] == "The database does not answer."
    await late.assert_closed(1013)
