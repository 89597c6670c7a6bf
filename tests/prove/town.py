"""The servers of a run: Switchboard as in production, or embedded; and what its table says in the end."""

import asyncio
import json
import shutil
import sqlite3
import ssl
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psycopg

from tests.cluster import Cluster
from tests.prove.proxy import Proxy
from tests.prove.record import Log, Row, State, Table, reactions_of
from tests.services import PostgreSQL, Redis, Service, Web, free_port

#: Shorter than in production, so that faults of seconds show.
SETTINGS = {"HEARTBEAT": "5", "OUTBOX_BYTES": str(128 * 1024), "GUEST_BURST": "1000", "GUESTS_PER_SECOND": "100"}
ROOMS = "SELECT id, slug, rev, seq FROM chat_room WHERE slug IN ({})"
MESSAGES = (
    "SELECT rev, posted_rev, seq, client_id, sender_id, body, html, deleted_at, edited_at, reply_to, reactions, kind"
    " FROM chat_message WHERE room_id = {}"
)
MAKE_ROOMS = "from chat.models import Room\nfor slug in {!r}: Room.objects.create(slug=slug, name=slug)"


class Town:
    """One Switchboard in temporary folders. Faults take the lock of what they stop, so that mixed ones get on."""

    address: str
    tls: ssl.SSLContext | None = None

    def __init__(self) -> None:
        self._folders: list[tempfile.TemporaryDirectory[str]] = []
        self.webs: list[Web] = []
        self.locks: dict[str, asyncio.Lock] = {}

    def folder(self, name: str) -> Path:
        self._folders.append(tempfile.TemporaryDirectory(prefix=f"switchboard-prove-{name}-"))
        return Path(self._folders[-1].name)

    def lock(self, name: str) -> asyncio.Lock:
        return self.locks.setdefault(name, asyncio.Lock())

    @property
    def services(self) -> list[Service]:
        raise NotImplementedError

    async def start(self, rooms: list[str]) -> None:
        raise NotImplementedError

    async def stop(self) -> None:
        """End everything that was started, whatever state it is in."""
        for service in reversed(self.services):
            try:
                await asyncio.to_thread(service.stop)
            except AssertionError as error:
                print(error)
        for folder in self._folders:
            folder.cleanup()

    def keep_logs(self, folder: Path) -> None:
        """Copy the servers' logs to `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        for service in self.services:
            if service.log.exists():
                shutil.copyfile(service.log, folder / service.log.name)

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

    def table(self, rooms: list[str]) -> Table:
        """Read the rooms and their messages from the database, past all of our own code."""
        raise NotImplementedError


class Production(Town):
    """PostgreSQL, Redis behind a proxy, nginx, three web processes and a worker."""

    def __init__(self) -> None:
        super().__init__()
        self.postgresql = PostgreSQL("postgresql", self.folder("postgresql"))
        self.redis = Redis("redis", self.folder("redis"))
        self.proxy = Proxy(free_port(), self.redis.port)
        self.cluster: Cluster | None = None

    @property
    def services(self) -> list[Service]:
        return [self.postgresql, self.redis, *(self.cluster.services if self.cluster else [])]

    async def start(self, rooms: list[str]) -> None:
        await asyncio.to_thread(self.postgresql.start)
        await asyncio.to_thread(self.redis.start)
        await self.proxy.start()
        settings = {**SETTINGS, "REDIS_URL": f"redis://127.0.0.1:{self.proxy.port}/0"}
        self.cluster = await asyncio.to_thread(Cluster, self.folder, self.postgresql, self.redis, 3, settings)
        self.webs = self.cluster.web
        await asyncio.to_thread(self.cluster.start)
        await asyncio.to_thread(self.webs[0].shell, MAKE_ROOMS.format(rooms))
        self.address, self.tls = self.cluster.nginx.address, self.cluster.nginx.tls

    async def stop(self) -> None:
        await super().stop()
        await self.proxy.stop()

    def table(self, rooms: list[str]) -> Table:
        assert self.cluster
        url = self.cluster.web[0].settings["DATABASE_URL"]
        with psycopg.connect(url) as connection:
            found = connection.execute(ROOMS.format(", ".join("%s" for _ in rooms)), rooms).fetchall()
            return {
                slug: Log(rev, seq, _rows(connection.execute(MESSAGES.format("%s"), [pk])))
                for pk, slug, rev, seq in found
            }


class Embedded(Town):
    """One process with SQLite, as on a laptop."""

    def __init__(self) -> None:
        super().__init__()
        self.var = self.folder("embedded")
        self.webs = [Web("web-1", self.var, SETTINGS)]
        self.address = self.webs[0].address

    @property
    def services(self) -> list[Service]:
        return [*self.webs]

    async def start(self, rooms: list[str]) -> None:
        [web] = self.webs
        await asyncio.to_thread(web.manage, "migrate", "--verbosity", "0")
        await asyncio.to_thread(web.shell, MAKE_ROOMS.format(rooms))
        await asyncio.to_thread(web.start)

    def table(self, rooms: list[str]) -> Table:
        connection = sqlite3.connect(self.var / "switchboard.sqlite3")
        try:
            found = connection.execute(ROOMS.format(", ".join("?" for _ in rooms)), rooms).fetchall()
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
