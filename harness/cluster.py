"""Switchboard as it runs in production: PostgreSQL, Redis, nginx, several web processes and a worker."""

import os
import re
import ssl
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import httpx

from harness.servers import ROOT, Manage, PostgreSQL, Redis, Service, Web, free_port, program

WRAPPER = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 1024; }}
http {{
    include /etc/nginx/mime.types;
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/conf.d/*.conf;
}}
"""


def replace(text: str, pattern: str, replacement: str) -> str:
    """Substitute, and insist that there was something to substitute."""
    text, count = re.subn(pattern, lambda _: replacement, text, flags=re.MULTILINE)
    assert count, f"nothing in the deployed file looks like {pattern}"
    return text


def deployed(static: Path, ports: Sequence[int]) -> dict[str, str]:
    """Return nginx's files of deploy/ by name, for these static files and the web processes on `ports`."""
    server = replace((ROOT / "deploy/nginx.conf").read_text(), r"/var/lib/switchboard/static/", f"{static}/")
    upstream = (ROOT / "deploy/nginx-upstream.conf").read_text()
    servers = "".join(f"    server 127.0.0.1:{port} max_fails=0;\n" for port in ports)
    upstream = replace(upstream, r"(    server 127\.0\.0\.1:\d+ max_fails=0;\n)+", servers)
    return {"switchboard.conf": server, "upstream.conf": upstream}


class Nginx(Service):
    """nginx with `files` in its conf.d: its own ports and folder take the place of those of a whole machine."""

    def __init__(self, folder: Path, files: Mapping[str, str]) -> None:
        super().__init__("nginx", folder)
        self.plain_port = free_port()
        self._make_certificate()
        (folder / "conf.d").mkdir()
        for name, text in files.items():
            (folder / "conf.d" / name).write_text(self._moved_here(text) if "listen" in text else text)
        user = "user root;" if os.geteuid() == 0 else ""  # or its workers could not read the folder
        (folder / "nginx.conf").write_text(WRAPPER.format(folder=folder, user=user))

    def _moved_here(self, server: str) -> str:
        server = replace(server, r"^    listen \[::\].*\n", "")
        server = replace(server, r"listen 80 ", f"listen 127.0.0.1:{self.plain_port} ")
        server = replace(server, r"listen 443 ", f"listen 127.0.0.1:{self.port} ")
        server = replace(server, r"/etc/nginx/certificates/", f"{self.folder}/")
        return replace(server, r"/var/log/nginx/", f"{self.folder}/")

    def check(self) -> str:
        """Return what `nginx -t` has against the configuration: "" when it would start."""
        done = subprocess.run([*self.command, "-t"], env=self.environment, capture_output=True, text=True)
        return done.stderr if done.returncode else ""

    def _make_certificate(self) -> None:
        files = ["-out", str(self.folder / "fullchain.pem"), "-keyout", str(self.folder / "privkey.pem")]
        kind = "-x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
        subprocess.run([program("openssl"), "req", *kind.split(), *files], check=True, capture_output=True)

    @property
    def command(self) -> list[str]:
        return [program("nginx"), "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"), "-e", "stderr"]

    @property
    def address(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def tls(self) -> ssl.SSLContext:
        """What a client needs to trust our certificate."""
        return ssl.create_default_context(cafile=str(self.folder / "fullchain.pem"))


class Worker(Manage):
    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        super().__init__("worker", folder, settings, "runproducers")

    def is_ready(self) -> bool:
        return "producers run" in self.tail()


class Cluster:
    """Everything together. `web[0]` and `web[1]` may be reached directly, or one of them through `nginx`."""

    def __init__(
        self,
        folder: Callable[[str], Path],
        postgresql: PostgreSQL,
        redis: Redis,
        processes: int = 2,
        more_settings: Mapping[str, str] | None = None,
    ) -> None:
        var = folder("var")
        settings = {
            "SECRET_KEY": "a key of fifty characters that only this test knows",
            "ALLOWED_HOSTS": "localhost,127.0.0.1",
            "DATABASE_URL": postgresql.create_database(var.name),
            "DATABASE_POOL": "8",
            "REDIS_URL": redis.url,
            "REDIS_PREFIX": var.name,
            "SWITCHBOARD_VAR": str(var),
            "BEHIND_PROXY": "1",
            # Tests are faster than people.
            "COMMAND_BURST": "1000",
            "GUEST_BURST": "1000",
            "GUESTS_PER_SECOND": "100",
            **(more_settings or {}),
        }
        self.web = [Web(f"web-{number}", folder("web"), settings) for number in range(1, processes + 1)]
        self.worker = Worker(folder("worker"), settings)
        self.nginx = Nginx(folder("nginx"), deployed(var / "static", [web.port for web in self.web]))

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
