"""The servers that system tests start, and that they are gone afterwards."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import redis

from harness import servers


def test_redis_answers_and_ends(service_folder: Callable[[str], Path]) -> None:
    service = servers.Redis("another-redis", service_folder("redis"))
    service.start()
    assert redis.Redis.from_url(service.url).ping()
    service.stop()
    assert not servers.listens(service.port)


def test_postgresql_makes_databases(postgresql: servers.PostgreSQL) -> None:
    with psycopg.connect(postgresql.create_database("made-by-a-test")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_each_command_has_a_process_to_itself_and_a_failed_one_says_why(service_folder: Callable[[str], Path]) -> None:
    site = servers.Manage("site", service_folder("site"), {})
    site.shell("import config; config.left_behind = 1")
    assert site.shell("import config; print(hasattr(config, 'left_behind'))") == "False\n"
    with pytest.raises(AssertionError, match=r"(?s)half of it.*ZeroDivisionError"):
        site.shell("print('half of it'); 1 / 0")
    with pytest.raises(AssertionError, match="Unknown command: 'dance'"):
        site.manage("dance")
    with pytest.raises(AssertionError):
        site.shell("import os; os.kill(os.getpid(), 9)")
