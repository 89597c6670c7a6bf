"""`testmail ADDRESS`: one mail, to see whether the settings of mail are right."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from web import mail


class Command(BaseCommand):
    help = "Send a mail to ADDRESS through the server of EMAIL_URL."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address")

    def handle(self, *args: Any, **options: Any) -> None:
        address = options["address"]
        try:
            validate_email(address)
            mail.send("web/mail/test", f"A mail from {settings.SITE_NAME}", address, {})
        except ValidationError:
            raise CommandError(f"{address} is no mail address: give one such as ada@example.org.") from None
        except mail.NoMail as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(f"The server did not take the mail: {error}. See EMAIL_URL and MAIL_FROM.") from None
        self.stdout.write(f"The server took a mail to {address}.")
