"""`runserver` with our server, so that development has what production has."""

from daphne.management.commands.runserver import Command as DaphneCommand

from realtime.server import Server


class Command(DaphneCommand):
    server_cls = Server
