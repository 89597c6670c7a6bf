"""`ensureadmin`: an admin for a new site."""

import secrets
from typing import Any

from django.core.management.base import BaseCommand

from accounts.models import User


class Command(BaseCommand):
    help = "Create the account `admin` with a random password, printed this once, if there is no admin yet."

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.filter(is_superuser=True).exists():
            return
        password = secrets.token_urlsafe(12)
        User.objects.create_superuser("admin", password, name="Admin")
        self.stdout.write("Sign in as admin with the password")
        self.stdout.write(f"    {password}")
        self.stdout.write("It is shown this once; `manage.py changepassword admin` sets another.")
