"""`runserver` with our own server, so that development runs what production runs."""

from argparse import ArgumentParser
from typing import Any

from daphne.management.commands.runserver import Command as DaphneCommand

from realtime.management.commands.serve import refuse_debug_for_others
from realtime.serving.server import Server


class Command(DaphneCommand):
    server_cls = Server

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(use_static_handler=False)  # static files come from WhiteNoise here too

    def inner_run(self, *args: Any, **options: Any) -> None:
        refuse_debug_for_others(self.addr)
        super().inner_run(*args, **options)
