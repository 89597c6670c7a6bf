"""A whole production set-up, and people who stay in a room whatever happens to the servers."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.cluster import Cluster, Worker
from harness.servers import PostgreSQL, Redis


@pytest.fixture(scope="session")
def cluster(service_folder: Callable[[str], Path], postgresql: PostgreSQL, redis: Redis) -> Iterator[Cluster]:
    """Two web processes and a worker behind nginx; a test that kills one starts it again."""
    cluster = Cluster(service_folder, postgresql, redis)
    cluster.start()
    yield cluster
    cluster.stop()


@pytest.fixture
def workers(cluster: Cluster, service_folder: Callable[[str], Path]) -> Iterator[list[Worker]]:
    """The cluster's worker and one more; afterwards the cluster's own runs alone."""
    standby = Worker(service_folder("standby"), cluster.worker.settings)
    standby.start()
    yield [cluster.worker, standby]
    standby.stop()
    cluster.worker.stop()
    cluster.worker.start()
