"""`newproducer NAME`: writes a file with a working producer, for its owner to change."""

import keyword
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from boards import boards
from streams import produced
from streams.models import Stream, slug_is_an_address
from streams.producers import all_producers

TEMPLATE = '''\
import time

from streams.producers import producer


@producer("{slug}", every=5, label="{label}", unit="s")
def {function}() -> float:
    """The second of this minute: put your own number here, and change label and unit above."""
    return time.localtime().tm_sec
'''


class Command(BaseCommand):
    help = "Write a file with a producer that works, for you to change."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="NAME", help="the slug of its stream: small letters, digits, - and _")
        parser.add_argument("--board", metavar="SLUG", help="show it on this board, which is made when there is none")

    def handle(self, *args: Any, **options: Any) -> None:
        slug = options["slug"]
        try:
            slug_is_an_address(slug)
        except ValidationError as error:
            raise CommandError(f"{slug}: {' '.join(error.messages)}") from None
        if slug in all_producers():
            raise CommandError(f"There is a producer {slug} already.")
        path = Path(settings.PRODUCERS_DIR) / f"{slug.replace('-', '_')}.py"
        if path.exists():
            raise CommandError(f"{path} is there already.")
        function = slug.replace("-", "_")
        if keyword.iskeyword(function) or not function.isidentifier():
            function = f"stream_{function}"
        label = slug.replace("-", " ").replace("_", " ").capitalize()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(TEMPLATE.format(slug=slug, label=label, function=function))
        except OSError as error:
            raise CommandError(
                f"{path} cannot be written ({error.strerror}): PRODUCERS_DIR names another folder."
            ) from None
        self.stdout.write(str(path))
        print(f"Try it:      ./manage.py runproducers --only {slug} --dry-run", file=sys.stderr)
        if options["board"]:
            self._show(slug, options["board"])
        else:
            print(f"On a board:  ./manage.py createstream {slug} --board BOARD", file=sys.stderr)
        print("It runs after the server (with Redis: the worker) is restarted.", file=sys.stderr)

    @staticmethod
    def _show(slug: str, board_slug: str) -> None:
        pk = produced.ensure_produced([all_producers()[slug]])[slug]
        try:
            board = boards.show_on_board(Stream.objects.get(pk=pk), board_slug)
        except ValidationError as error:
            raise CommandError(f"{board_slug}: {' '.join(error.messages)}") from None
        print(f"On a board:  {board.get_absolute_url()}", file=sys.stderr)
