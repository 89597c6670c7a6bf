"""Real servers for tests: each on a free port, in a folder of its own, with a log, and stopped for certain."""

import contextlib
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx
import psycopg

from harness import manage, programs

ROOT = Path(__file__).resolve().parent.parent
#: What of our own environment the servers see.
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")
#: The services that run now, for the report of a failing test.
RUNNING: list["Service"] = []


def program(*names: str) -> str:
    """Return the path of the first of these programs that is installed."""
    for name in names:
        if found := programs.find(name):
            return found
    raise RuntimeError(f"{names[0]} is not installed: bin/test installs it, or says how")


def free_port() -> int:
    """Return a port that is free, and that no outgoing connection takes while the service on it restarts."""
    while True:
        port = random.randrange(20000, 30000)  # below what the kernel gives to clients
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def wait_until(ready: Callable[[], bool], seconds: float, what: Callable[[], str]) -> None:
    pause = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if ready():
            return
        pause.wait(0.05)
    raise AssertionError(what())


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Service:
    """A program that a test started. `start` returns when it is ready."""

    #: Which signal ends it, and how long that may take.
    farewell = signal.SIGTERM
    patience = 30.0

    def __init__(self, name: str, folder: Path, port: int = 0) -> None:
        self.name = name
        self.folder = folder
        self.port = port or free_port()
        self.log = folder / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def command(self) -> list[str]:
        raise LookupError("each service has its own command")

    @property
    def environment(self) -> dict[str, str]:
        return {name: os.environ[name] for name in KEPT if name in os.environ}

    @property
    def user(self) -> str | None:
        return None

    def is_ready(self) -> bool:
        return listens(self.port)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT if self.user is None else self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=self.user,
                group=self.user,
                extra_groups=[] if self.user else None,
            )
        RUNNING.append(self)
        wait_until(
            lambda: self.is_ready() or self.process is None or self.process.poll() is not None, 60, self._not_ready
        )
        assert self.process.poll() is None, f"{self.name} ended at its start:\n{self.tail()}"

    def _not_ready(self) -> str:
        self.kill()
        return f"{self.name} was not ready in time:\n{self.tail()}"

    def signal(self, number: int) -> None:
        """Send a signal to the program and all that it started."""
        assert self.process, f"{self.name} was never started"
        os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """End it as a crash or a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in good order; by force when it does not end in time."""
        self._end(self.farewell)

    def _end(self, number: int) -> None:
        if self.process is None:
            return
        if self in RUNNING:
            RUNNING.remove(self)
        process, self.process = self.process, None
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGCONT)
            process.send_signal(number)
            try:
                process.wait(self.patience)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                raise AssertionError(f"{self.name} did not stop within {self.patience} s:\n{self.tail()}") from None

    def tail(self, lines: int = 60) -> str:
        """Return the end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""


class Redis(Service):
    @property
    def command(self) -> list[str]:
        options = {"port": self.port, "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": self.folder}
        return [
            program("redis-server"),
            *(part for name, value in options.items() for part in (f"--{name}", str(value))),
        ]

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"


class PostgreSQL(Service):
    """A cluster without a password; started by root it runs as `postgres`, since it refuses to run as root."""

    farewell = signal.SIGINT  # "fast": does not wait for its clients

    @property
    def user(self) -> str | None:
        return "postgres" if os.geteuid() == 0 else None

    @property
    def owner(self) -> str:
        return self.user or pwd.getpwuid(os.geteuid()).pw_name

    def start(self) -> None:
        if self.user:
            shutil.chown(self.folder, self.user, self.user)
        cluster = self.folder / "cluster"
        if not cluster.exists():
            subprocess.run(
                [program("initdb"), "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", "-D", cluster],
                check=True,
                cwd=self.folder,
                env=self.environment,
                user=self.user,
                group=self.user,
                extra_groups=[] if self.user else None,
                stdout=subprocess.DEVNULL,
            )
        super().start()

    @property
    def command(self) -> list[str]:
        settings = {"listen_addresses": "127.0.0.1", "fsync": "off", "max_connections": "100"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        cluster = str(self.folder / "cluster")
        return [program("postgres"), "-D", cluster, "-p", str(self.port), "-k", str(self.folder), *options]

    def is_ready(self) -> bool:
        try:
            psycopg.connect(self.url("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def url(self, database: str) -> str:
        return f"postgres://{self.owner}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str) -> str:
        """Make a database and return its URL."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)


class Manage(Service):
    """A command of `manage.py` with an environment of its own, for as long as it runs."""

    def __init__(self, name: str, folder: Path, settings: Mapping[str, str], *arguments: str, port: int = 0) -> None:
        super().__init__(name, folder, port)
        self.settings = {"SWITCHBOARD_VAR": str(folder), **settings}
        self.arguments = arguments

    @property
    def command(self) -> list[str]:
        return [sys.executable, "manage.py", *self.arguments]

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"PYTHONUNBUFFERED": "1"} | self.settings

    def is_ready(self) -> bool:
        return self.process is not None  # what it does shows elsewhere

    def manage(self, *arguments: str) -> str:
        """Run another command of `manage.py` in the same environment, and return what it prints."""
        code, printed, told = manage.run(self.environment, arguments)
        assert code == 0, f"manage.py {' '.join(arguments)}:\n{printed}{told}"
        return printed

    def shell(self, code: str) -> str:
        """Run Python in the server's environment (to make an account, say), and return what it prints."""
        return self.manage("shell", "--verbosity", "0", "-c", code)


class Web(Manage):
    """One server process, by `manage.py serve`."""

    def __init__(self, name: str, folder: Path, settings: Mapping[str, str], port: int = 0) -> None:
        super().__init__(name, folder, settings, port=port)
        self.arguments = ("serve", "--host", "127.0.0.1", "--port", str(self.port))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.address}/readyz", trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False


class Serve(Web):
    """Switchboard as a newcomer gets it: `bin/serve`, SQLite, demo content, one process."""

    @property
    def command(self) -> list[str]:
        return ["bin/serve"]

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"HOST": "127.0.0.1", "PORT": str(self.port)}
