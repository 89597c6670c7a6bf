"""Embedded mode: the in-memory channel layer allows only one server process, which this module enforces."""

import fcntl
import os
import sys
from typing import IO

from django.conf import settings

from realtime.background import layer_is_embedded

held: list[IO[str]] = []


def claim() -> None:
    """Take the lock of the one server process, or exit with a sentence: a second process would silently hear nothing.

    The operating system frees the lock however the process ends. With Redis no lock is needed.
    """
    if held or not layer_is_embedded():
        return
    settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
    file = (settings.VAR_DIR / "server.lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        pid = file.read().strip() or "unknown"
        sys.exit(
            f"Another Switchboard process runs here already (process {pid}), and without Redis they cannot hear each "
            "other. Stop that one, or set REDIS_URL to run several."
        )
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    held.append(file)
