"""`createstream SLUG --push`: a stream and a token to push into it."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from boards import boards
from streams import catalogue, produced
from streams.models import Stream
from streams.producers import all_producers
from streams.push import tokens


class Command(BaseCommand):
    help = "Make a stream, if need be, and with --push print a token for it, shown this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="small letters, digits, - and _")
        parser.add_argument("--kind", choices=Stream.Kind.values, default=Stream.Kind.NUMBER)
        parser.add_argument("--label", default="", help="what people read (the slug)")
        parser.add_argument("--unit", default="", help="such as %%, B, s, €")
        parser.add_argument("--stale-after", type=float, default=60.0, help="seconds after which a value is old (60)")
        parser.add_argument("--board", help="show it on this board, which is made when there is none")
        parser.add_argument("--push", action="store_true", help="print a push token as the last line")

    def handle(self, *args: Any, **options: Any) -> None:
        stream = self._stream(options)
        if options["board"]:
            try:
                board = boards.show_on_board(stream, options["board"])
            except ValidationError as error:
                raise CommandError(f"{options['board']}: {' '.join(error.messages)}") from None
            print(f"It is on the board {board.get_absolute_url()}", file=sys.stderr)
        if options["push"]:
            if stream.push_tokens.filter(revoked_at=None).exists():
                print("Its other tokens stay good: they are revoked in the admin.", file=sys.stderr)
            print(f"POST /api/streams/{stream.slug}/ with the header Authorization: Bearer <token>", file=sys.stderr)
            self.stdout.write(tokens.issue_token(stream, "createstream"))

    def _stream(self, options: dict[str, Any]) -> Stream:
        slug, kind = options["slug"], options["kind"]
        if (producer := all_producers().get(slug)) is not None:
            kind = producer.kind
            produced.ensure_produced([producer])
        found = Stream.objects.filter(slug=slug).first()
        if found is not None:
            if found.kind != kind:
                raise CommandError(
                    f"The stream {slug} is there already, and a {found.kind} stream: add --kind {found.kind}."
                )
            print(f"The stream {slug} is there already.", file=sys.stderr)
            return found
        try:
            return catalogue.create_stream(
                slug, kind, label=options["label"], unit=options["unit"], stale_after=options["stale_after"]
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
