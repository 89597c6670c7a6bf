"""A whole production set-up, and people who stay in a room whatever happens to the servers."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cluster import Cluster
from tests.services import PostgreSQL, Redis


@pytest.fixture(scope="session")
def cluster(service_folder: Callable[[str], Path], postgresql: PostgreSQL, redis: Redis) -> Iterator[Cluster]:
    """Two web processes and a worker behind nginx; a test that kills one starts it again."""
    cluster = Cluster(service_folder, postgresql, redis)
    cluster.start()
    yield cluster
    cluster.stop()
