"""One process on SQLite, and another program that holds the database locked."""

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from harness.client import Client, eventually
from harness.launcher import Launcher
from harness.servers import Web


@pytest.fixture
def site(launcher: Launcher) -> Iterator[Web]:
    web = Web(launcher, "site", {})
    web.manage("migrate", "--verbosity", "0")
    web.manage("loaddemo")
    web.start()
    yield web
    web.stop()


async def test_who_finds_it_locked_is_told_so_and_reads_on(site: Web) -> None:
    async with await Client.guest(site.address, "Ada") as ada, httpx.AsyncClient(trust_env=False) as outside:
        await ada.connect()
        await ada.call("join", room="lobby")

        async def trouble() -> str:
            answer = await outside.get(f"{site.address}/readyz")
            return str(answer.json().get("database", "")) if answer.status_code == 503 else ""

        with closing(sqlite3.connect(site.folder / "switchboard.sqlite3")) as other:
            other.execute("BEGIN IMMEDIATE")
            ref = await ada.send_command("send", room="lobby", id=str(uuid.uuid4()), body="nowhere to be kept")
            busy = await ada.reply(ref, 13)
            assert (busy["type"], busy["code"]) == ("error", "busy")
            assert busy["detail"].startswith("Another program holds the database locked: nothing can be saved.")
            assert busy["retry_after"] > 0
            assert await eventually(trouble) == "Another program holds the database locked: nothing can be saved."
            assert (await ada.http.get("/api/rooms/lobby/messages/")).status_code == 200
            other.rollback()
        assert (await ada.say("lobby", "it is kept again"))["type"] == "ack"
        await eventually(lambda: site.is_ready())
