"""The servers that system tests start, and that they are gone afterwards."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import redis

from tests import services


def test_redis_answers_and_ends(service_folder: Callable[[str], Path]) -> None:
    service = services.Redis("another-redis", service_folder("redis"))
    service.start()
    assert redis.Redis.from_url(service.url).ping()
    service.stop()
    assert not services.listens(service.port)


def test_postgresql_makes_databases(postgresql: services.PostgreSQL) -> None:
    with psycopg.connect(postgresql.create_database("made-by-a-test")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
