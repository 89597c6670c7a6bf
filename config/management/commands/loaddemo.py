"""`loaddemo`: what a new site begins with."""

from typing import Any

from django.core.management.base import BaseCommand

import chat.demo
import dashboard.demo


class Command(BaseCommand):
    help = "Load the demo rooms and boards; what is there already is left as it is."

    def handle(self, *args: Any, **options: Any) -> None:
        chat.demo.load()
        dashboard.demo.load()
        self.stdout.write("The demo rooms and boards are there.")
