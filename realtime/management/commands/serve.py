"""`serve`: the production command. One process with our server; no autoreloader, so that a stop can drain."""

import socket
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from channels.routing import get_default_application
from daphne.endpoints import build_endpoint_description_strings
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from realtime.serving import embedded
from realtime.serving.server import Server  # first, it installs the reactor
from realtime.storage import postgresql
from realtime.storage.database import throw_pool_away

LOOPBACK = ("127.0.0.1", "::1", "localhost")
NOBODY = "nothing yet: set ALLOWED_HOSTS to the name or address of this machine that they use"


def refuse_debug_for_others(host: str | None) -> None:
    """Raise CommandError when DEBUG would show tracebacks beyond this machine. `host`: the address to listen on."""
    if settings.DEBUG and (host not in LOOPBACK or not settings.LOCAL):
        raise CommandError(
            "DEBUG=1 shows the insides of the server to anybody who can reach it. Unset it; or, to develop, unset "
            "SECRET_KEY as well and listen on 127.0.0.1."
        )


class Command(BaseCommand):
    help = "Serve pages and sockets until SIGTERM, then drain."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on (8000)")
        parser.add_argument("--unix-socket", type=Path, help="listen on this socket instead of a port")
        parser.add_argument(
            "--prepare", action="store_true", help="first bring the database up to date, with demo content if it is new"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        application = get_default_application()
        self._check_settings(options["host"] if options["unix_socket"] is None else None)
        path: Path | None = options["unix_socket"]
        if path is None:
            self._probe(options["host"], options["port"])
            endpoints = build_endpoint_description_strings(host=options["host"], port=options["port"])
            where = f"http://{options['host']}:{options['port']}/"
        else:
            endpoints = build_endpoint_description_strings(unix_socket=str(path))
            where = str(path)
        embedded.claim()  # before anything is written or announced
        if options["prepare"]:
            self._prepare()
        self.stdout.write(f"Switchboard is at {where} (stop it with Ctrl-C)")
        if settings.LOCAL and path is None and options["host"] not in LOOPBACK:
            others = [host for host in settings.ALLOWED_HOSTS if host not in settings.OWN_HOSTS]
            self.stdout.write(f"Others reach it as {', '.join(others) or NOBODY}.")
        self.stdout.flush()
        postgresql.limit(throw_pool_away)
        Server(application=application, endpoints=endpoints, verbosity=1).run()

    @staticmethod
    def _check_settings(host: str | None) -> None:
        """Raise CommandError for settings that would show tracebacks to others, or fail at every page."""
        refuse_debug_for_others(host)
        if not settings.LOCAL and not settings.DEBUG and not (settings.STATIC_ROOT / "staticfiles.json").exists():
            raise CommandError(
                "The static files are not collected: run `manage.py collectstatic --noinput` first, "
                f"with the same SWITCHBOARD_VAR ({settings.VAR_DIR})."
            )

    def _prepare(self) -> None:
        self.stdout.write("Preparing the database …")
        self.stdout.flush()
        call_command("migrate", verbosity=0)
        call_command("loaddemo", once=True)
        call_command("ensureadmin")

    @staticmethod
    def _probe(host: str, port: int) -> None:
        """Raise CommandError when the port is taken; otherwise only the log would say so."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except (OSError, OverflowError) as error:
                why = error.strerror if isinstance(error, OSError) else "a port is 1 to 65535"
                raise CommandError(
                    f"Cannot listen on {host}:{port}: {why}. Set HOST or PORT to something else."
                ) from None
