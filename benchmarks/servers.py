"""What is measured: our server as in production, and the peers; each on one core, all else on the other."""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import psycopg

from harness.servers import ROOT, Manage, PostgreSQL, Redis, Service, Web, program

CORES: Final = sorted(os.sched_getaffinity(0))
#: The server's core, and that of the client, Redis and PostgreSQL.
SERVER_CORE: Final = CORES[0]
CLIENT_CORE: Final = CORES[-1]
PYTHON: Final = ROOT / ".venv/bin/python"
NODE_PEERS: Final = ("ws", "socketio")
VENV: Final = ROOT / "benchmarks/.venv/bin/python"
NCHAN: Final = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
#: People who exist, each with a session.
PEOPLE: Final = 1000
#: Rooms of five members each, beside the public room `bench`.
SMALL_ROOMS: Final = 200
#: Streams `bench-00` and so on, on the board `bench`.
STREAMS: Final = 50
TEMPLATE: Final = "template_bench"
#: Limits that scenarios exceed (docs/deployment.md).
LIMITS: Final = {
    "COMMAND_BURST": "100000",
    "COMMANDS_PER_SECOND": "100000",
    "READ_BURST": str(2**40),
    "PUSH_BURST": "100000",
    "PUSHES_PER_SECOND": "100000",
}


def pinned(command: Sequence[object], core: int) -> list[str]:
    return ["taskset", "-c", str(core), *map(str, command)]


class PinnedRedis(Redis):
    @property
    def command(self) -> list[str]:
        return pinned(super().command, CLIENT_CORE)


class PinnedPostgreSQL(PostgreSQL):
    """As it is installed, but for counted statements; `fsync` stays on, so that a commit is one."""

    @property
    def command(self) -> list[str]:
        extra = ["-c", "fsync=on", "-c", "shared_preload_libraries=pg_stat_statements"]
        return pinned([*super().command, *extra], CLIENT_CORE)

    def copy_database(self, name: str, original: str) -> str:
        """Make a copy of a database that nobody is connected to, and return its URL."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{original}"')
        return self.url(name)


class PinnedWeb(Web):
    core = SERVER_CORE

    @property
    def command(self) -> list[str]:
        return pinned(super().command, self.core)


class Peer(Service):
    """A server of `benchmarks/peers`."""

    def __init__(self, name: str, folder: Path, command: Sequence[str | Path], settings: dict[str, str]) -> None:
        super().__init__(name, folder)
        self._command = command
        self.settings = settings

    @property
    def command(self) -> list[str]:
        filled = [str(part).replace("PORT", str(self.port)) for part in self._command]
        return pinned(filled, SERVER_CORE)

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | self.settings


class Source(Manage):
    """What feeds a board, on the client's core."""

    def __init__(self, name: str, folder: Path, settings: dict[str, str], rate: float) -> None:
        super().__init__(name, folder, settings, "runproducers")
        self.rate = rate

    @property
    def command(self) -> list[str]:
        if self.name == "feeder":
            feeder = [sys.executable, "-m", "benchmarks.feeder", str(STREAMS), str(self.rate)]
            return pinned(feeder, CLIENT_CORE)
        return pinned(super().command, CLIENT_CORE)

    def is_ready(self) -> bool:
        return "feeding" in self.tail() or "producers run" in self.tail()


class Nchan(Peer):
    """nginx with nchan: one worker, so one core."""

    def start(self) -> None:
        text = (ROOT / "benchmarks/peers/nchan.conf").read_text()
        user = "user root;" if os.geteuid() == 0 else ""
        for word, meaning in (
            ("MODULE", str(NCHAN)),
            ("FOLDER", str(self.folder)),
            ("PORT", str(self.port)),
            ("USER", user),
        ):
            text = text.replace(word, meaning)
        (self.folder / "nginx.conf").write_text(text)
        super().start()


def python_peer(file: str) -> list[str | Path]:
    return [VENV, f"benchmarks/peers/{file}_peer.py", "PORT"]


def node_peer(file: str) -> list[str | Path]:
    return [program("node"), f"benchmarks/peers/{file}.mjs", "PORT"]


class Bench:
    """The services of a run in temporary folders; started when first needed, ended together."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="switchboard-bench-")
        self._services: list[Service] = []
        self._count = 0
        self._redis: Redis | None = None
        self._postgresql: PinnedPostgreSQL | None = None
        self._prepared: dict[str, list[str]] = {}

    def folder(self, name: str) -> Path:
        self._count += 1
        folder = Path(self._folder.name) / f"{self._count}-{name}"
        folder.mkdir()
        Path(self._folder.name).chmod(0o755)
        return folder

    def started(self, service: Service) -> Service:
        self._services.append(service)
        service.start()
        return service

    def stop(self, service: Service) -> None:
        if service in self._services:
            self._services.remove(service)
            service.stop()

    def end(self) -> None:
        for service in reversed(self._services):
            try:
                service.stop()
            except AssertionError as error:
                print(error)
        self._folder.cleanup()

    def leaders(self) -> dict[str, list[int]]:
        """Return the first processes of Redis and PostgreSQL, as far as they run."""
        found = {"redis": self._redis, "postgresql": self._postgresql}
        return {name: [each.process.pid] for name, each in found.items() if each and each.process}

    @property
    def redis(self) -> Redis:
        if self._redis is None:
            self._redis = PinnedRedis("redis", self.folder("redis"))
            self.started(self._redis)
        return self._redis

    @property
    def postgresql(self) -> PinnedPostgreSQL:
        if self._postgresql is None:
            self._postgresql = PinnedPostgreSQL("postgresql", self.folder("postgresql"))
            self.started(self._postgresql)
        return self._postgresql

    # Ours

    def settings(self, database: str) -> dict[str, str]:
        """Return the environment of our processes on a database; on SQLite there is one process, and no Redis."""
        settings = {
            "SECRET_KEY": "a key of fifty characters that only this run knows",
            "ALLOWED_HOSTS": "127.0.0.1",
            "HTTPS": "0",
            "DATABASE_URL": database,
            "LOG_LEVEL": "WARNING",
            "PRODUCERS_DIR": str(ROOT / "benchmarks/producers"),
            **LIMITS,
        }
        if database.startswith("postgres"):
            settings |= {"REDIS_URL": self.redis.url, "REDIS_PREFIX": f"bench-{self._count}"}
        return settings

    def _template(self, engine: str) -> str:
        if engine == "sqlite":
            return f"sqlite:///{self._folder.name}/template.sqlite3"
        return self.postgresql.create_database(TEMPLATE)

    def cookies(self, engine: str = "postgresql") -> list[str]:
        """Prepare the database that each of our servers gets a copy of; return its people's cookies."""
        if engine not in self._prepared:
            maker = Manage("prepare", self.folder("prepare"), self.settings(self._template(engine)))
            maker.manage("migrate", "--verbosity", "0")
            code = f"from benchmarks.populate import populate; populate({PEOPLE}, {SMALL_ROOMS}, {STREAMS})"
            self._prepared[engine] = json.loads(maker.shell(code))
        return self._prepared[engine]

    def database(self, engine: str = "postgresql") -> str:
        """Return the URL of a fresh copy of the prepared database."""
        self.cookies(engine)
        self._count += 1
        if engine == "sqlite":
            copy = self.folder("sqlite") / "db.sqlite3"
            shutil.copyfile(Path(self._folder.name) / "template.sqlite3", copy)
            return f"sqlite:///{copy}"
        return self.postgresql.copy_database(f"bench_{self._count}", TEMPLATE)

    def switchboard(self, settings: dict[str, str]) -> Web:
        """Start one of our server processes."""
        folder = self.folder("switchboard")
        (folder / "static").symlink_to(self._static(settings))
        web = PinnedWeb("switchboard", folder, settings)
        self.started(web)
        return web

    def _static(self, settings: dict[str, str]) -> Path:
        """Return the folder of the static files, without which no server starts; they are collected once."""
        folder = Path(self._folder.name) / "collected"
        if not folder.exists():
            folder.mkdir()
            Manage("collect", folder, settings).manage("collectstatic", "--noinput", "--verbosity", "0")
        return folder / "static"

    def source(self, settings: dict[str, str], name: str, rate: float) -> Service:
        """Start what feeds the board: our `worker` with producers, or the `feeder`, `rate` values a second in all."""
        settings = settings | {"BENCH_STREAMS": str(STREAMS), "BENCH_RATE": str(rate / STREAMS)}
        return self.started(Source(name, self.folder(name), settings, rate))

    # The peers

    def peer(self, name: str) -> Service:
        """Start a peer; `stock-postgresql` and `stock-sqlite` are stock Channels that stores each message."""
        folder = self.folder(name)
        if name.startswith("stock"):
            daphne: list[str | Path] = [PYTHON, "-m", "daphne", "-b", "127.0.0.1", "-p", "PORT"]
            settings = self.stock_settings(name.partition("-")[2])
            return self.started(Peer(name, folder, [*daphne, "benchmarks.peers.stock:application"], settings))
        if name == "nchan":
            command: list[str | Path] = [program("nginx"), "-p", folder, "-c", folder / "nginx.conf", "-e", "stderr"]
            return self.started(Nchan(name, folder, command, {}))
        if name in NODE_PEERS:
            return self.started(Peer(name, folder, node_peer(name), {}))
        file = name.removeprefix("python-").replace("-", "_")
        return self.started(Peer(name, folder, python_peer(file), {"PYTHONUNBUFFERED": "1"}))

    def stock_settings(self, engine: str) -> dict[str, str]:
        """Return the environment of stock Channels; with an `engine` it stores messages there, in a new database."""
        settings = {"STOCK_REDIS_PORT": str(self.redis.port)}
        if engine == "sqlite":
            settings["STOCK_DATABASE"] = f"sqlite {self.folder('stock') / 'db.sqlite3'}"
        elif engine == "postgresql":
            self._count += 1
            url = urlsplit(self.postgresql.create_database(f"stock_{self._count}"))
            settings["STOCK_DATABASE"] = f"postgresql {url.hostname} {url.port} {url.username} {url.path[1:]}"
        return settings
