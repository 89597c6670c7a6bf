"""Pairing a screen by a code that it shows, after the device flow of OAuth (RFC 8628).

A screen asks for a code and gets a secret with it, which no other browser has. A signed-in person enters the code and
chooses a wall. That makes the secret the token of a link to the wall, so nothing more must reach the screen. The screen
keeps asking whether its secret is valid yet, so a lost answer does no harm.
"""

import secrets
from datetime import timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import hash_token
from realtime.storage import clock
from walls import links
from walls.models import Screen, ScreenCode, ScreenLink, Wall

#: Consonants only: nothing that looks like a digit, and no words (RFC 8628, section 6.1).
ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ"
LENGTH: Final = 6
GOOD_FOR: Final = timedelta(minutes=10)
#: How long an expired code is still told apart from a wrong one.
KNOWN_FOR: Final = timedelta(hours=1)
#: How many codes may wait at once: few enough that a guessed or mistyped code hits one only once in 64,000 times.
MOST: Final = 1_000
#: The key of every paired screen: its link has no other screen.
KEY: Final = "paired"


class TooManyWait(Exception):
    """Too many codes wait already, so no more are issued."""


class CodeRefused(ValueError):
    """The code cannot pair a screen; the text says why."""


def ask(address: str) -> tuple[ScreenCode, str]:
    """Return a new code for a screen at `address`, and the secret, which only its browser may get.

    Raises TooManyWait.
    """
    now = clock.now()
    if ScreenCode.objects.filter(used_at=None, expires_at__gt=now).count() >= MOST:
        raise TooManyWait
    secret = links.PREFIX + secrets.token_urlsafe(32)
    while True:
        code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        try:
            with transaction.atomic():
                row = ScreenCode.objects.create(
                    code=code, secret_hash=hash_token(secret), address=address, expires_at=now + GOOD_FOR
                )
        except IntegrityError:  # another screen has this code
            continue
        return row, secret


def waiting(secret: str) -> ScreenCode | None:
    """Return the code with this secret while it can still be entered."""
    found = ScreenCode.objects.filter(secret_hash=hash_token(secret), used_at=None, expires_at__gt=clock.now())
    return found.first()


def find(raw: str) -> ScreenCode:
    """Return the waiting code that somebody typed, ignoring case and spaces. Raises CodeRefused."""
    code = "".join(letter for letter in raw.upper() if letter.isalnum())
    if len(code) != LENGTH or not set(code) <= set(ALPHABET):
        raise CodeRefused(_("A code has six letters, such as BCD-FGH."))
    row = ScreenCode.objects.filter(code=code).first()
    if row is None:
        raise CodeRefused(_("No screen shows this code. Compare it with the screen, letter by letter."))
    if row.used_at is not None:
        raise CodeRefused(
            _("This code has been used: its screen is paired. For another screen, enter the code on that one.")
        )
    if row.expires_at <= clock.now():
        raise CodeRefused(_("This code has expired: the screen shows a new one by now."))
    return row


@transaction.atomic
def pair(screen_code: ScreenCode, wall: Wall, name: str) -> ScreenLink:
    """Let the screen with this code show `wall`, under this name. Raises CodeRefused when somebody was faster."""
    now = clock.now()
    if not ScreenCode.objects.filter(pk=screen_code.pk, used_at=None, expires_at__gt=now).update(used_at=now):
        raise CodeRefused(_("This code has just been used, or has expired."))
    link = ScreenLink.objects.create(wall=wall, note=name, token_hash=screen_code.secret_hash)
    Screen.objects.create(link=link, key=KEY, name=name, opened_at=now, seen_at=now)
    return link


def forget_the_old() -> None:
    """Delete codes that expired long ago."""
    ScreenCode.objects.filter(expires_at__lt=clock.now() - KNOWN_FOR).delete()
