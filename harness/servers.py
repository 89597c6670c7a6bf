"""The servers of a Switchboard: Redis, PostgreSQL, nginx, and the processes of `manage.py`."""

import itertools
import os
import pwd
import re
import shutil
import signal
import ssl
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import httpx
import psycopg

from harness.launcher import ROOT, Launcher, Service, free_port, program

NGINX = """
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


class Redis(Service):
    @property
    def command(self) -> list[str]:
        options = {"port": self.port, "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": self.folder}
        return [
            program("redis-server"),
            *(part for name, value in options.items() for part in (f"--{name}", str(value))),
        ]

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"


class PostgreSQL(Service):
    """A PostgreSQL cluster without a password.

    Started by root it runs as `postgres`, since it refuses to run as root.
    """

    farewell = signal.SIGINT  # "fast" shutdown: does not wait for clients

    def __init__(
        self, launcher: Launcher, name: str, *, core: int | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(launcher, name, core=core)
        self.settings = {"listen_addresses": "127.0.0.1", "fsync": "off", "max_connections": "100", **(settings or {})}
        self._numbers = itertools.count(1)

    @property
    def user(self) -> str | None:
        return "postgres" if os.geteuid() == 0 else None

    @property
    def owner(self) -> str:
        return self.user or pwd.getpwuid(os.geteuid()).pw_name

    def start(self) -> Self:
        if self.user:
            shutil.chown(self.folder, self.user, self.user)
        cluster = self.folder / "cluster"
        if not cluster.exists():
            subprocess.run(
                [program("initdb"), "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", "-D", cluster],
                check=True,
                cwd=self.folder,
                env=self.environment,
                user=self.user,
                group=self.user,
                extra_groups=[] if self.user else None,
                stdout=subprocess.DEVNULL,
            )
        return super().start()

    @property
    def command(self) -> list[str]:
        options = [part for name, value in self.settings.items() for part in ("-c", f"{name}={value}")]
        cluster = str(self.folder / "cluster")
        return [program("postgres"), "-D", cluster, "-p", str(self.port), "-k", str(self.folder), *options]

    def is_ready(self) -> bool:
        try:
            psycopg.connect(self.url("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def url(self, database: str) -> str:
        return f"postgres://{self.owner}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str, template: str = "template1") -> str:
        """Make a database, whose name begins with `name`, and return its URL.

        `template`: the name or the URL of a database to copy; there must be no connection to it.
        """
        name, template = f"{name}-{next(self._numbers)}", urlsplit(template).path.lstrip("/")
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)


class Manage(Service):
    """A long-running command of `manage.py` with its own environment."""

    def __init__(
        self,
        launcher: Launcher,
        name: str,
        settings: Mapping[str, str],
        *arguments: str,
        port: int = 0,
        core: int | None = None,
    ) -> None:
        super().__init__(launcher, name, port=port, core=core)
        self.settings = {"SWITCHBOARD_VAR": str(self.folder), **settings}
        self.arguments = arguments

    @property
    def command(self) -> list[str]:
        return [sys.executable, "manage.py", *self.arguments]

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"PYTHONUNBUFFERED": "1"} | self.settings

    def is_ready(self) -> bool:
        return self.process is not None  # its effects show elsewhere

    def manage(self, *arguments: str) -> str:
        """Run another command of `manage.py` in the same environment; return its output."""
        code, printed, told = self.launcher.commands.run(self.environment, arguments)
        assert code == 0, f"manage.py {' '.join(arguments)}:\n{printed}{told}"
        return printed

    def shell(self, code: str) -> str:
        """Run Python code in the server's environment (to make an account, for example); return its output."""
        return self.manage("shell", "--verbosity", "0", "-c", code)


class Worker(Manage):
    """The process that runs producers."""

    def __init__(self, launcher: Launcher, settings: Mapping[str, str], *, core: int | None = None) -> None:
        super().__init__(launcher, "worker", settings, "runproducers", core=core)

    def is_ready(self) -> bool:
        return "producers run" in self.tail()


class Web(Manage):
    """One server process, by `manage.py serve`."""

    def __init__(self, launcher: Launcher, name: str, settings: Mapping[str, str], *, core: int | None = None) -> None:
        super().__init__(launcher, name, settings, core=core)
        self.arguments = ("serve", "--host", "127.0.0.1", "--port", str(self.port))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.address}/readyz", trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False


class Serve(Web):
    """Switchboard as on a first start: `bin/serve`, SQLite, demo content, one process."""

    @property
    def command(self) -> list[str]:
        return ["bin/serve"]

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"HOST": "127.0.0.1", "PORT": str(self.port)}


def replace(text: str, pattern: str, replacement: str) -> str:
    """Substitute a pattern; fail when it does not occur."""
    text, count = re.subn(pattern, lambda _: replacement, text, flags=re.MULTILINE)
    assert count, f"nothing in the deployed file looks like {pattern}"
    return text


def deployed(static: Path, ports: Sequence[int]) -> dict[str, str]:
    """Return nginx's files of deploy/, by name, for this folder of static files and the web processes on `ports`."""
    server = replace((ROOT / "deploy/nginx.conf").read_text(), r"/var/lib/switchboard/static/", f"{static}/")
    upstream = (ROOT / "deploy/nginx-upstream.conf").read_text()
    servers = "".join(f"    server 127.0.0.1:{port} max_fails=0;\n" for port in ports)
    upstream = replace(upstream, r"(    server 127\.0\.0\.1:\d+ max_fails=0;\n)+", servers)
    return {"switchboard.conf": server, "upstream.conf": upstream}


class Nginx(Service):
    """nginx with `files` in its conf.d, but with ports and a folder of its own instead of the machine's."""

    def __init__(self, launcher: Launcher, files: Mapping[str, str]) -> None:
        super().__init__(launcher, "nginx")
        self.plain_port = free_port()
        self._make_certificate()
        (self.folder / "conf.d").mkdir()
        for name, text in files.items():
            (self.folder / "conf.d" / name).write_text(self._moved_here(text) if "listen" in text else text)
        user = "user root;" if os.geteuid() == 0 else ""  # otherwise its workers could not read the folder
        (self.folder / "nginx.conf").write_text(NGINX.format(folder=self.folder, user=user))

    def _moved_here(self, server: str) -> str:
        server = replace(server, r"^    listen \[::\].*\n", "")
        server = replace(server, r"listen 80 ", f"listen 127.0.0.1:{self.plain_port} ")
        server = replace(server, r"listen 443 ", f"listen 127.0.0.1:{self.port} ")
        server = replace(server, r"/etc/nginx/certificates/", f"{self.folder}/")
        return replace(server, r"/var/log/nginx/", f"{self.folder}/")

    def check(self) -> str:
        """Return what `nginx -t` says against the configuration; "" when nginx would start."""
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
        """The TLS context with which a client trusts our certificate."""
        return ssl.create_default_context(cafile=str(self.folder / "fullchain.pem"))
