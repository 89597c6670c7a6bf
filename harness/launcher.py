"""Starts programs, each on a free port with its own folder and log, and reliably stops all of them."""

import contextlib
import itertools
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from harness import programs
from harness.manage import Commands

ROOT = Path(__file__).resolve().parent.parent
#: The variables of our own environment that servers get.
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")


def program(*names: str) -> str:
    """Return the path of the first of these programs that is installed."""
    for name in names:
        if found := programs.find(name):
            return found
    raise RuntimeError(f"{names[0]} is not installed: bin/test installs it, or says how")


def free_port() -> int:
    """Return a free port that no outgoing connection can take while its service restarts."""
    while True:
        port = random.randrange(20000, 30000)  # below the range that the kernel gives to outgoing connections
        with socket.socket() as tried, contextlib.suppress(OSError):
            tried.bind(("127.0.0.1", port))
            return port


def wait_until(ready: Callable[[], bool], seconds: float, what: Callable[[], str]) -> None:
    """Wait until `ready()` is true; after `seconds`, fail with the text of `what()`."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if ready():
            return
        pause.wait(0.05)
    raise AssertionError(what())


def listens(port: int) -> bool:
    with socket.socket() as tried:
        tried.settimeout(1)
        return tried.connect_ex(("127.0.0.1", port)) == 0


class Launcher:
    """Starts the services of one run. The end of its `with` block stops all of them and removes the folders."""

    def __init__(self) -> None:
        #: All services, in the order in which they were made; running ones have a `process`.
        self.services: list[Service] = []
        self.commands = Commands()
        self._folder = tempfile.TemporaryDirectory(prefix="switchboard-")
        self._path = Path(self._folder.name)
        self._path.chmod(0o755)  # PostgreSQL may run as another user
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def folder(self, name: str) -> Path:
        """Make an empty folder; its name begins with `name`."""
        folder = self._path / f"{name}-{next(self._numbers)}"
        folder.mkdir()
        return folder

    @property
    def running(self) -> "list[Service]":
        return [service for service in self.services if service.process is not None]

    def keep_logs(self, folder: Path) -> None:
        """Copy the logs of all services to `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        for service in self.services:
            if service.log.exists():
                shutil.copyfile(service.log, folder / service.log.name)

    def close(self) -> None:
        """Stop everything in any state; report services that would not stop."""
        for service in reversed(self.services):
            try:
                service.stop()
            except AssertionError as error:
                print(error)
        self.commands.stop()
        self._folder.cleanup()


class Service:
    """A program of a launcher. `start` returns when the program is ready. `core`: the processor core for it."""

    #: The signal that stops it, and how many seconds that may take.
    farewell = signal.SIGTERM
    patience = 30.0

    def __init__(self, launcher: Launcher, name: str, *, port: int = 0, core: int | None = None) -> None:
        self.launcher = launcher
        self.name = name
        self.folder = launcher.folder(name)
        self.port = port or free_port()
        self.core = core
        self.log = self.folder / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        launcher.services.append(self)

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

    def start(self) -> Self:
        command = self.command if self.core is None else ["taskset", "-c", str(self.core), *self.command]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
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
        wait_until(
            lambda: self.is_ready() or self.process is None or self.process.poll() is not None, 60, self._not_ready
        )
        assert self.process.poll() is None, f"{self.name} ended at its start:\n{self.tail()}"
        return self

    def _not_ready(self) -> str:
        self.kill()
        return f"{self.name} was not ready in time:\n{self.tail()}"

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def signal(self, number: int) -> None:
        """Send a signal to the program and all its children."""
        assert self.process, f"{self.name} was never started"
        os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """Kill it, like a crash or a power cut."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Stop it in an orderly way; kill it when it does not end in time."""
        self._end(self.farewell)

    def _end(self, number: int) -> None:
        if self.process is None:
            return
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
