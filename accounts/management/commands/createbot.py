"""`createbot NAME`: a bot and its token."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import User
from accounts.people.accounts import claim_names
from accounts.people.names import clean_name
from accounts.people.namesakes import NameTaken, refuse_taken


class Command(BaseCommand):
    help = "Create a bot and print its token, once; it works for sockets and HTTP alike."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            name = clean_name(options["name"])
            refuse_taken(name)
        except NameTaken:
            raise CommandError(f"There is a bot or an account called {name} already: choose another name.") from None
        except ValueError as error:
            raise CommandError(str(error)) from None
        with transaction.atomic():
            bot, token = User.objects.create_bot(name)
            claim_names(bot)
        self.stderr.write(f"{name} is a bot now. Its token, shown this once:")
        self.stdout.write(token)
