"""A whole production set-up, and clients that reconnect whatever happens to the servers."""

from collections.abc import Iterator

import pytest

from harness.cluster import Cluster
from harness.launcher import Launcher
from harness.servers import PostgreSQL, Redis, Worker


@pytest.fixture(scope="session")
def cluster(launcher: Launcher, postgresql: PostgreSQL, redis: Redis) -> Iterator[Cluster]:
    """Two web processes and a worker behind nginx; a test that kills one starts it again."""
    cluster = Cluster(launcher, postgresql, redis)
    cluster.start()
    yield cluster
    cluster.stop()


@pytest.fixture
def workers(cluster: Cluster, launcher: Launcher) -> Iterator[list[Worker]]:
    """The cluster's worker and one more; afterwards the cluster's own runs alone."""
    standby = Worker(launcher, cluster.worker.settings)
    standby.start()
    yield [cluster.worker, standby]
    standby.stop()
    cluster.worker.stop()
    cluster.worker.start()
