"""`runserver` with our server, so that development has what production has."""

from argparse import ArgumentParser
from typing import Any

from daphne.management.commands.runserver import Command as DaphneCommand

from realtime.management.commands.serve import refuse_debug_for_others
from realtime.serving.server import Server


class Command(DaphneCommand):
    server_cls = Server

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(use_static_handler=False)  # WhiteNoise serves static files here too

    def inner_run(self, *args: Any, **options: Any) -> None:
        refuse_debug_for_others(self.addr)
        super().inner_run(*args, **options)
