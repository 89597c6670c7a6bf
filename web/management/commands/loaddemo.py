"""`loaddemo`: the content of a new site."""

from argparse import ArgumentParser
from importlib import import_module
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.module_loading import module_has_submodule


class Command(BaseCommand):
    help = "Load the demo rooms and boards; what is there already is left as it is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="only on a site without rooms: a new one")
        parser.add_argument(
            "--guests", action="store_true", default=settings.LOCAL, help="open them to guests, as in local mode"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        own = [app for app in apps.get_app_configs() if app.module and module_has_submodule(app.module, "demo")]
        demos = [import_module(f"{app.name}.demo") for app in own]
        if options["once"] and any(demo.is_in_use() for demo in demos):
            return
        for demo in demos:
            demo.load(guests=options["guests"])
        self.stdout.write("The demo rooms and boards are there.")
