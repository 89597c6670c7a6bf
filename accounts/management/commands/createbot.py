"""`createbot NAME`: a bot and its token."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Kind, User
from accounts.names import clean_name


class Command(BaseCommand):
    help = "Create a bot and print its token, once; it works for sockets and HTTP alike."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            name = clean_name(options["name"])
        except ValueError as error:
            raise CommandError(str(error)) from None
        if User.objects.exclude(kind=Kind.GUEST).filter(name__iexact=name).exists():
            raise CommandError(f"There is a bot or an account called {name} already: choose another name.")
        _, token = User.objects.create_bot(name)
        self.stderr.write(f"{name} is a bot now. Its token, shown this once:")
        self.stdout.write(token)
