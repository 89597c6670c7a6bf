"""The servers of a run, as in production or embedded; and the contents of the table at the end."""

import asyncio
import json
import sqlite3
import ssl
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg

from harness.cluster import Cluster
from harness.launcher import Launcher, Service, free_port, wait_until
from harness.servers import PostgreSQL, Redis, Web
from tests.prove.client import Key
from tests.prove.proxy import Proxy
from tests.prove.record import Log, Row, State, Table, reactions_of

#: Shorter than in production, so that faults of seconds show.
SETTINGS = {"HEARTBEAT": "5", "OUTBOX_BYTES": str(128 * 1024), "GUEST_BURST": "1000", "GUESTS_PER_SECOND": "100"}
#: The rooms for talking; the one for members only; the one where clients talk only when a fault needs it.
ROOMS: Final = ("square", "harbour", "mill", "garden")
CLOSED: Final = "cellar"
HALL: Final = "hall"
ALL: Final = (*ROOMS, CLOSED, HALL)
FIND_ROOMS = "SELECT id, slug, rev, seq FROM chat_room WHERE slug IN ({})"
MESSAGES = (
    "SELECT rev, posted_rev, seq, client_id, sender_id, body, html, deleted_at, edited_at, reply_to, reactions, kind"
    " FROM chat_message WHERE room_id = {}"
)
#: Makes the rooms, the bot that owns the closed one, and its members; prints how they sign in.
CREATE_ROOMS = """
import json
from django.conf import settings
from django.test import Client
from accounts.models import User
from chat.models import Membership, Room, RoomKind
for slug in {rooms!r}:
    Room.objects.create(slug=slug, name=slug, guests=True)
owner, token = User.objects.create_bot("Owner")
closed = Room.objects.create(slug={closed!r}, name={closed!r}, kind=RoomKind.MEMBERS, owner=owner)
Membership.objects.create(room=closed, user=owner)
members = []
for number in range({members}):
    user = User.objects.create_user("member-%d" % number)
    Membership.objects.create(room=closed, user=user)
    browser = Client()
    browser.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    members.append([user.pk, user.username, "%s=%s" % (name, browser.cookies[name].value)])
print(json.dumps([token, members]))
"""


class Deployment(ABC):
    """One Switchboard in temporary folders.

    Faults take a lock for each service that they stop, so that they can be mixed.
    """

    address: str
    tls: ssl.SSLContext | None = None
    #: The token of the bot that owns the closed room; the keys of its members.
    owner_token: str
    keys: list[Key]

    def __init__(self) -> None:
        self.launcher = Launcher()
        self.webs: list[Web] = []
        self.locks: dict[str, asyncio.Lock] = {}

    def lock(self, name: str) -> asyncio.Lock:
        return self.locks.setdefault(name, asyncio.Lock())

    @abstractmethod
    async def start(self, members: int) -> None:
        """Start everything, with this many members of the closed room."""

    async def _create_rooms(self, members: int) -> None:
        code = CREATE_ROOMS.format(rooms=(*ROOMS, HALL), closed=CLOSED, members=members)
        printed = await asyncio.to_thread(self.webs[0].shell, code)
        self.owner_token, made = json.loads(printed.splitlines()[-1])
        self.keys = [Key(user, username, cookie, CLOSED) for user, username, cookie in made]

    async def is_well(self) -> None:
        """Wait until all processes say that they are ready."""
        for web in self.webs:
            await asyncio.to_thread(wait_until, web.is_ready, 60, partial(str, f"{web.name} does not get well"))

    async def stop(self) -> None:
        """Stop everything that was started, in any state."""
        await asyncio.to_thread(self.launcher.close)

    async def restart(self, service: Service) -> None:
        """Start a service; again when it ends at once, as its supervisor would."""
        for attempt in range(10):
            try:
                await asyncio.to_thread(service.start)
            except AssertionError:
                if attempt == 9:
                    raise
                await asyncio.sleep(1)
            else:
                return

    @abstractmethod
    def table(self) -> Table:
        """Read the rooms and their messages directly from the database, without our own code."""


class Production(Deployment):
    """PostgreSQL, Redis behind a proxy, nginx, a worker and three web processes, one with a proxy before PostgreSQL."""

    def __init__(self) -> None:
        super().__init__()
        self.postgresql = PostgreSQL(self.launcher, "postgresql")
        self.redis = Redis(self.launcher, "redis")
        self.proxy = Proxy(free_port(), self.redis.port)
        self.database_proxy = Proxy(free_port(), self.postgresql.port)

    async def start(self, members: int) -> None:
        await asyncio.to_thread(self.postgresql.start)
        await asyncio.to_thread(self.redis.start)
        await self.proxy.start()
        await self.database_proxy.start()
        settings = {**SETTINGS, "REDIS_URL": f"redis://127.0.0.1:{self.proxy.port}/0"}
        cluster = await asyncio.to_thread(Cluster, self.launcher, self.postgresql, self.redis, 3, settings)
        self.webs = cluster.web
        by_proxy = self.webs[0].settings
        by_proxy["DATABASE_URL"] = self._database.replace(f":{self.postgresql.port}/", f":{self.database_proxy.port}/")
        await asyncio.to_thread(cluster.start)
        await self._create_rooms(members)
        self.address, self.tls = cluster.nginx.address, cluster.nginx.tls

    async def stop(self) -> None:
        await super().stop()
        await self.proxy.stop()
        await self.database_proxy.stop()

    @property
    def _database(self) -> str:
        return self.webs[-1].settings["DATABASE_URL"]

    @asynccontextmanager
    async def locked(self, room: str) -> AsyncIterator[None]:
        """Lock the row of a room, so that nobody can write there."""
        async with await psycopg.AsyncConnection.connect(self._database) as connection:
            await connection.execute("SELECT 1 FROM chat_room WHERE slug = %s FOR UPDATE", [room])
            yield

    def table(self) -> Table:
        with psycopg.connect(self._database) as connection:
            found = connection.execute(FIND_ROOMS.format(", ".join("%s" for _ in ALL)), ALL).fetchall()
            return {
                slug: Log(rev, seq, _rows(connection.execute(MESSAGES.format("%s"), [pk])))
                for pk, slug, rev, seq in found
            }


class Embedded(Deployment):
    """One process with SQLite, as on a laptop."""

    def __init__(self) -> None:
        super().__init__()
        self.webs = [Web(self.launcher, "web-1", SETTINGS)]
        self.address = self.webs[0].address

    async def start(self, members: int) -> None:
        [web] = self.webs
        await asyncio.to_thread(web.manage, "migrate", "--verbosity", "0")
        await self._create_rooms(members)
        await asyncio.to_thread(web.start)

    def table(self) -> Table:
        connection = sqlite3.connect(self.webs[0].folder / "switchboard.sqlite3")
        try:
            found = connection.execute(FIND_ROOMS.format(", ".join("?" for _ in ALL)), ALL).fetchall()
            return {
                slug: Log(rev, seq, _rows(connection.execute(MESSAGES.format("?"), [pk])))
                for pk, slug, rev, seq in found
            }
        finally:
            connection.close()


def _rows(found: Iterable[tuple[Any, ...]]) -> dict[int, Row]:
    rows = {}
    for rev, posted_rev, seq, id, sender, body, html, deleted, edited, reply_to, reactions, kind in found:
        reactions = json.loads(reactions) if isinstance(reactions, str) else reactions
        state = State(
            seq,
            # SQLite keeps 32 hexadecimal digits, PostgreSQL gives a UUID.
            _dashed(str(id)),
            sender,
            body,
            html,
            deleted is not None,
            edited is not None,
            reply_to,
            reactions_of(reactions),
            kind,
        )
        rows[seq] = Row(rev, posted_rev, state)
    return rows


def _dashed(id: str) -> str:
    digits = id.replace("-", "")
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def name_of(web: Web) -> str:
    """Return the name that a running process gives itself."""
    return str(httpx.get(f"{web.address}/healthz", trust_env=False).json()["process"])


def memory_of(service: Service) -> float:
    """Return the resident memory of a running service in MiB; 0 when it does not run."""
    process = service.process
    if process is None:
        return 0.0
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
    except OSError:
        return 0.0
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS:")] or ["VmRSS: 0 kB"]
    return int(line.split()[1]) / 1024
