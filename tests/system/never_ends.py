"""Run by tests/system/test_servers.py, which ends it."""

import threading

from harness.servers import Redis


def test_it_waits(redis: Redis) -> None:
    print(f"port {redis.port}", flush=True)
    threading.Event().wait()
