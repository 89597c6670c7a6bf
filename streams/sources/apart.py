"""Evaluates sources in child processes with limits, which can be killed.

A few children are kept ready, since a new one takes a tenth or two of a second to start.
"""

import atexit
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import IO, Any, Final

import msgspec
from django.conf import settings

from streams.sources.asking import ANSWER_BYTES

#: The most children that work at the same time; the most idle ones that are kept.
MOST: Final = 16
KEPT: Final = 2
#: Seconds that a child gets to start; and seconds beyond a job's own limit, so that the child can report the timeout
#: itself.
STARTING: Final = 30.0
GRACE: Final = 0.5
#: The environment variables that a child gets: those to find programs, files and databases, without our secrets.
TOLD: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "VIRTUAL_ENV")


class Failed(Exception):
    """There is no value; the text is a sentence for people that says why."""


class _Gone(Exception):
    """The child ended before it took its job."""


class _Child:
    """One child process, for one job at a time."""

    def __init__(self) -> None:
        told = {name: value for name, value in os.environ.items() if name in TOLD or name.startswith("PG")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "streams.sources.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=settings.BASE_DIR,
            env={**told, "MALLOC_ARENA_MAX": "1"},
            start_new_session=True,  # Ctrl-C is for the server
        )
        self._late = False
        self._read(STARTING)

    def ask(self, job: Mapping[str, Any], seconds: float) -> bytes:
        """Return the answer to `job`; kill the child when there is none after `seconds`.

        Raises TimeoutError, Failed and _Gone.
        """
        told = msgspec.msgpack.encode(job)
        timer = self._kill_after(seconds)
        try:
            pipe = _pipe(self.process.stdin)
            pipe.write(len(told).to_bytes(4) + told)
            pipe.flush()
        except OSError:
            timer.cancel()
            raise self._ended() from None
        return self._read(timer=timer)

    def require_life(self) -> None:
        """Raise _Gone when the child has ended meanwhile: it was idle too long, or was killed."""
        if self.process.poll() is not None:
            raise _Gone

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        _pipe(self.process.stdout).close()
        with suppress(OSError):  # input that it never read
            _pipe(self.process.stdin).close()

    def _kill_after(self, seconds: float) -> threading.Timer:
        def kill() -> None:
            self._late = True
            self.process.kill()

        timer = threading.Timer(seconds, kill)
        timer.daemon = True
        timer.start()
        return timer

    def _read(self, seconds: float = 0, timer: threading.Timer | None = None) -> bytes:
        timer = timer or self._kill_after(seconds)
        try:
            pipe = _pipe(self.process.stdout)
            size = int.from_bytes(pipe.read(4))
            if not 0 < size <= ANSWER_BYTES:
                raise self._ended()
            told: bytes = pipe.read(size)
            if len(told) < size:
                raise self._ended()
            return told
        finally:
            timer.cancel()

    def _ended(self) -> Exception:
        self.process.kill()
        status = self.process.wait()
        if self._late:
            return TimeoutError()
        return _Gone() if status == 0 else Failed("took too much memory or time and was stopped")


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe
    return pipe


class Pool:
    def __init__(self) -> None:
        self.slots = threading.BoundedSemaphore(MOST)
        self._lock = threading.Lock()
        self.idle: list[_Child] = []

    def run(self, job: Mapping[str, Any], seconds: float) -> bytes:
        if not self.slots.acquire(timeout=seconds):
            raise Failed(f"More than {MOST} sources run at once: give them less to do.")
        try:
            while True:
                with self._lock:
                    warm = self.idle.pop() if self.idle else None
                child = warm or _Child()
                try:
                    child.require_life()
                    answer = child.ask(job, seconds)
                except _Gone:
                    child.end()
                    if warm is None:
                        raise Failed("could not be run: a child process ended by itself") from None
                except BaseException:
                    child.end()
                    raise
                else:
                    self._give_back(child)
                    return answer
        finally:
            self.slots.release()

    def _give_back(self, child: _Child) -> None:
        with self._lock:
            if len(self.idle) < KEPT:
                self.idle.append(child)
                return
        child.end()

    def end(self) -> None:
        with self._lock:
            idle, self.idle = self.idle, []
        for child in idle:
            child.end()


pool: Final = Pool()
atexit.register(pool.end)


def run(job: Mapping[str, Any], seconds: float, more: float = 0) -> Any:
    """Return the result of `job` (see `child`); this blocks.

    The job may take `seconds`, plus `more` for what it waits for. Raises Failed.
    """
    try:
        answer = pool.run({**job, "seconds": seconds + more}, seconds + more + GRACE)
    except TimeoutError:
        raise Failed(f"took more than {seconds:g} s and was stopped") from None
    told = json.loads(answer)
    if "failed" in told:
        raise Failed(told["failed"])
    return told["found"]
