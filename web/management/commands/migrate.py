"""Django's `migrate`, which here refuses a database of the previous layout."""

from typing import Any

from django.core.management.commands import migrate

from web.carryover import refuse_previous_layout


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        refuse_previous_layout()
        super().handle(*args, **options)
