"""Switchboard as it runs in production: PostgreSQL, Redis, nginx, several web processes and a worker."""

from collections.abc import Mapping

import httpx

from harness.launcher import Launcher, Service
from harness.servers import Nginx, PostgreSQL, Redis, Web, Worker, deployed


class Cluster:
    """All services together. Reach `web[0]` and `web[1]` directly, or either of them through `nginx`."""

    def __init__(
        self,
        launcher: Launcher,
        postgresql: PostgreSQL,
        redis: Redis,
        processes: int = 2,
        more_settings: Mapping[str, str] | None = None,
    ) -> None:
        var = launcher.folder("var")
        settings = {
            "SECRET_KEY": "a key of fifty characters that only this test knows",
            "ALLOWED_HOSTS": "localhost,127.0.0.1",
            "DATABASE_URL": postgresql.create_database("cluster"),
            "DATABASE_POOL": "8",
            "REDIS_URL": redis.url,
            "REDIS_PREFIX": var.name,
            "SWITCHBOARD_VAR": str(var),
            "BEHIND_PROXY": "1",
            # Tests are faster than people, so raise the limits.
            "COMMAND_BURST": "1000",
            "GUEST_BURST": "1000",
            "GUESTS_PER_SECOND": "100",
            **(more_settings or {}),
        }
        self.web = [Web(launcher, f"web-{number}", settings) for number in range(1, processes + 1)]
        self.worker = Worker(launcher, settings)
        self.nginx = Nginx(launcher, deployed(var / "static", [web.port for web in self.web]))

    @property
    def services(self) -> list[Service]:
        return [*self.web, self.worker, self.nginx]

    def start(self) -> None:
        first = self.web[0]
        first.manage("migrate", "--verbosity", "0")
        first.manage("collectstatic", "--noinput", "--verbosity", "0")
        first.manage("loaddemo", "--guests")
        for service in self.services:
            service.start()

    def stop(self) -> None:
        for service in reversed(self.services):
            service.stop()

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Ask through nginx."""
        return httpx.get(f"{self.nginx.address}{path}", headers=headers, verify=self.nginx.tls, trust_env=False)
