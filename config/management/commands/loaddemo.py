"""`loaddemo`: what a new site begins with."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

import chat.demo
import dashboard.demo
from chat.models import Room


class Command(BaseCommand):
    help = "Load the demo rooms and boards; what is there already is left as it is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="only on a site without rooms: a new one")
        parser.add_argument(
            "--guests", action="store_true", default=settings.LOCAL, help="open them to guests, as in local mode"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"] and Room.objects.exists():
            return
        chat.demo.load(guests=options["guests"])
        dashboard.demo.load(guests=options["guests"])
        self.stdout.write("The demo rooms and boards are there.")
