"""The measured servers: ours as in production, and the peers. Each is on one core, everything else on the other."""

import itertools
import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from harness.launcher import ROOT, Launcher, Service, program
from harness.servers import Manage, PostgreSQL, Redis, Web, Worker

CORES: Final = sorted(os.sched_getaffinity(0))
#: The core of the server; the core of the client, Redis and PostgreSQL.
SERVER_CORE: Final = CORES[0]
CLIENT_CORE: Final = CORES[-1]
PYTHON: Final = ROOT / ".venv/bin/python"
NODE_PEERS: Final = ("ws", "socketio")
VENV: Final = ROOT / "benchmarks/.venv/bin/python"
NCHAN: Final = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
#: How many people there are, each with a session.
PEOPLE: Final = 1000
#: How many rooms of five members there are, besides the public room `bench`.
SMALL_ROOMS: Final = 200
#: How many streams (`bench-00` and so on) are on the board `bench`.
STREAMS: Final = 50
#: Raised limits (docs/deployment.md), which scenarios would exceed.
LIMITS: Final = {
    "COMMAND_BURST": "100000",
    "COMMANDS_PER_SECOND": "100000",
    "READ_BURST": str(2**40),
    "PUSH_BURST": "100000",
    "PUSHES_PER_SECOND": "100000",
}


def pinned(command: Sequence[object], core: int) -> list[str]:
    return ["taskset", "-c", str(core), *map(str, command)]


class Peer(Service):
    """A server of `benchmarks/peers`. PORT in its command is replaced by its port."""

    def __init__(
        self, launcher: Launcher, name: str, command: Sequence[str | Path], settings: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(launcher, name, core=SERVER_CORE)
        self._command = command
        self.settings = dict(settings or {})

    @property
    def command(self) -> list[str]:
        return [str(part).replace("PORT", str(self.port)) for part in self._command]

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | self.settings


class Feeder(Manage):
    """Publishes values without a database: `benchmarks.feeder`."""

    def __init__(self, launcher: Launcher, settings: Mapping[str, str], rate: float) -> None:
        super().__init__(launcher, "feeder", settings, core=CLIENT_CORE)
        self.rate = rate

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "benchmarks.feeder", str(STREAMS), str(self.rate)]

    def is_ready(self) -> bool:
        return "feeding" in self.tail()


class Nchan(Peer):
    """nginx with nchan; one worker, so one core."""

    def __init__(self, launcher: Launcher) -> None:
        super().__init__(launcher, "nchan", ())
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

    @property
    def command(self) -> list[str]:
        return [program("nginx"), "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"), "-e", "stderr"]


def python_peer(file: str) -> list[str | Path]:
    return [VENV, f"benchmarks/peers/{file}_peer.py", "PORT"]


def node_peer(file: str) -> list[str | Path]:
    return [program("node"), f"benchmarks/peers/{file}.mjs", "PORT"]


class Bench:
    """The services of a run, started at first use. `launcher.close()` ends them all."""

    def __init__(self) -> None:
        self.launcher = Launcher()
        self._numbers = itertools.count(1)
        self._prepared: dict[str, tuple[str, list[str]]] = {}  # by engine: the URL of the database, and the cookies

    def leaders(self) -> dict[str, list[int]]:
        """Return the first processes of Redis and PostgreSQL, if they run."""
        named = [each for each in self.launcher.running if each.name in ("redis", "postgresql")]
        return {each.name: [each.process.pid] for each in named if each.process}

    @cached_property
    def redis(self) -> Redis:
        return Redis(self.launcher, "redis", core=CLIENT_CORE).start()

    @cached_property
    def postgresql(self) -> PostgreSQL:
        """PostgreSQL with default settings plus statement counts. `fsync` stays on, so that commits are real."""
        settings = {"fsync": "on", "shared_preload_libraries": "pg_stat_statements"}
        return PostgreSQL(self.launcher, "postgresql", core=CLIENT_CORE, settings=settings).start()

    # Ours

    def settings(self, database: str) -> dict[str, str]:
        """Return the environment of our processes for a database; with SQLite there is one process and no Redis."""
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
            settings |= {"REDIS_URL": self.redis.url, "REDIS_PREFIX": f"bench-{next(self._numbers)}"}
        return settings

    def _prepare(self, engine: str) -> tuple[str, list[str]]:
        """Prepare the database that each of our servers gets a copy of; return its URL and its people's cookies."""
        if engine not in self._prepared:
            if engine == "sqlite":
                url = f"sqlite:///{self.launcher.folder('template')}/db.sqlite3"
            else:
                url = self.postgresql.create_database("template")
            maker = Manage(self.launcher, "prepare", self.settings(url))
            maker.manage("migrate", "--verbosity", "0")
            code = f"from benchmarks.populate import populate; populate({PEOPLE}, {SMALL_ROOMS}, {STREAMS})"
            self._prepared[engine] = url, json.loads(maker.shell(code))
        return self._prepared[engine]

    def cookies(self, engine: str = "postgresql") -> list[str]:
        """Return the cookies of the people in the prepared database."""
        return self._prepare(engine)[1]

    def database(self, engine: str = "postgresql") -> str:
        """Return the URL of a fresh copy of the prepared database."""
        url, _ = self._prepare(engine)
        if engine == "sqlite":
            copy = self.launcher.folder("sqlite") / "db.sqlite3"
            shutil.copyfile(url.removeprefix("sqlite:///"), copy)
            return f"sqlite:///{copy}"
        return self.postgresql.create_database("bench", template=url)

    def switchboard(self, settings: dict[str, str]) -> Web:
        """Start one of our server processes."""
        web = Web(self.launcher, "switchboard", settings, core=SERVER_CORE)
        (web.folder / "static").symlink_to(self._static)
        return web.start()

    @cached_property
    def _static(self) -> Path:
        """The folder of static files, collected once; without them no server starts."""
        collecting = Manage(self.launcher, "collect", self.settings("sqlite:///unused.sqlite3"))
        collecting.manage("collectstatic", "--noinput", "--verbosity", "0")
        return collecting.folder / "static"

    def source(self, settings: dict[str, str], name: str, rate: float) -> Service:
        """Start the process that feeds the board with `rate` values a second in all.

        It is our `worker` with producers, or the `feeder`.
        """
        if name == "feeder":
            return Feeder(self.launcher, settings, rate).start()
        settings = settings | {"BENCH_STREAMS": str(STREAMS), "BENCH_RATE": str(rate / STREAMS)}
        return Worker(self.launcher, settings, core=CLIENT_CORE).start()

    # The peers

    def peer(self, name: str) -> Service:
        """Start a peer; `stock-postgresql` and `stock-sqlite` are stock Channels that stores each message."""
        if name.startswith("stock"):
            daphne: list[str | Path] = [PYTHON, "-m", "daphne", "-b", "127.0.0.1", "-p", "PORT"]
            settings = self.stock_settings(name.partition("-")[2])
            return Peer(self.launcher, name, [*daphne, "benchmarks.peers.stock:application"], settings).start()
        if name == "nchan":
            return Nchan(self.launcher).start()
        if name in NODE_PEERS:
            return Peer(self.launcher, name, node_peer(name)).start()
        file = name.removeprefix("python-").replace("-", "_")
        return Peer(self.launcher, name, python_peer(file), {"PYTHONUNBUFFERED": "1"}).start()

    def stock_settings(self, engine: str) -> dict[str, str]:
        """Return the environment of stock Channels. With an `engine` it stores messages in a new database there."""
        settings = {"STOCK_REDIS_PORT": str(self.redis.port)}
        if engine == "sqlite":
            settings["STOCK_DATABASE"] = f"sqlite {self.launcher.folder('stock') / 'db.sqlite3'}"
        elif engine == "postgresql":
            url = urlsplit(self.postgresql.create_database("stock"))
            settings["STOCK_DATABASE"] = f"postgresql {url.hostname} {url.port} {url.username} {url.path[1:]}"
        return settings
