"""`carryover`: converts a database from before version 0.1.0 to the present layout."""

from typing import Any

from django.core.management.base import BaseCommand

from web.carryover import carry_over


class Command(BaseCommand):
    help = "Carry a database from before version 0.1.0 over to the present layout; stop all processes first."

    def handle(self, *args: Any, **options: Any) -> None:
        done = carry_over()
        self.stdout.write(
            "The database is carried over. The next start of Switchboard, or manage.py migrate, adds what is new."
            if done
            else "Nothing to do: the layout is the present one."
        )
