"""Runs commands of `manage.py`, many in one environment, without starting Django for each.

A separate process (this module, run as a program) starts Django once and forks for each command. So each command has
its own process, without traces of earlier commands.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent


class Ready:
    """A process with Django loaded. It ends when we end."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [sys.executable, "-m", "harness.manage", str(theirs.fileno())]
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()]
            )

    def run(self, arguments: Sequence[str]) -> tuple[int, str, str]:
        """Run `manage.py` with these arguments; return its exit code and what it printed, to both streams."""
        here, theirs = socket.socketpair()
        with here, tempfile.TemporaryFile() as printed, tempfile.TemporaryFile() as told:
            with theirs:
                files = [printed.fileno(), told.fileno(), theirs.fileno()]
                socket.send_fds(self.line, [json.dumps(["manage.py", *arguments]).encode()], files)
            code = here.recv(8)  # no answer: it was killed
            texts = []
            for file in (printed, told):
                file.seek(0)
                texts.append(file.read().decode(errors="replace"))
        return int(code or b"-9"), texts[0], texts[1]

    def stop(self) -> None:
        self.line.close()
        self.process.wait()


class Commands:
    """Runs commands. Keeps one ready process for each environment until `stop`."""

    def __init__(self) -> None:
        self._ready: dict[frozenset[tuple[str, str]], Ready] = {}

    def run(self, environment: Mapping[str, str], arguments: Sequence[str]) -> tuple[int, str, str]:
        """Run `manage.py` with these arguments; return its exit code and what it printed, to both streams."""
        key = frozenset(environment.items())
        if key not in self._ready:
            self._ready[key] = Ready(environment)
        return self._ready[key].run(arguments)

    def stop(self) -> None:
        while self._ready:
            self._ready.popitem()[1].stop()


def serve(line: socket.socket) -> None:
    """Fork for each command that comes, until the sender has gone."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel removes ended children
    while True:
        asked, files, _, _ = socket.recv_fds(line, 1 << 18, 3)
        if not asked:
            return
        if os.fork() == 0:
            line.close()
            obey(json.loads(asked), *files)
        for file in files:
            os.close(file)


def obey(arguments: list[str], printed: int, told: int, answer: int) -> NoReturn:
    """Run one command, answer with its exit code, and end."""
    from django.core.management import execute_from_command_line

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(printed, 1)
    os.dup2(told, 2)
    code = 1
    try:
        execute_from_command_line(arguments)
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os.write(answer, str(code).encode())
    os._exit(code)


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    serve(socket.socket(fileno=int(sys.argv[1])))
