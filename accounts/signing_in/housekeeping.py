"""Deletes expired sessions, and guests who left nothing behind and cannot come back."""

import asyncio
import logging
import random
from datetime import timedelta
from typing import Final

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import PROTECT, Exists, ManyToOneRel, OuterRef
from django.utils import timezone

from accounts.models import Kind, User
from accounts.signing_in import guessing
from realtime.storage.database import in_database

log = logging.getLogger(__name__)

#: About how many seconds lie between two cleanings; random, so that processes do not all clean at once.
EVERY: Final = 3600.0
#: A guest without a session is kept this long: when a guest enters, the session is written after the guest.
YOUNG: Final = timedelta(days=1)
#: How many guests one statement deletes.
MOST: Final = 500


async def keep_clean() -> None:
    """Clean up regularly. Never returns."""
    while True:
        await asyncio.sleep(EVERY * random.uniform(0.5, 1.5))  # noqa: S311 - spread, not secrecy
        sessions, guests = await in_database(clean, patience=None)()
        if sessions or guests:
            log.info("Deleted %d sessions that were over and %d guests who had left nothing behind", sessions, guests)


def clean() -> tuple[int, int]:
    """Delete expired sessions, and guests without a session whom no row mentions; return how many of each.

    Also deletes old tries of passwords.
    """
    now = timezone.now()
    guessing.forget_old()
    sessions, _ = Session.objects.filter(expire_date__lte=now).delete()
    signed_in = {each.get_decoded().get(SESSION_KEY) for each in Session.objects.iterator()}
    mentions = [
        Exists(relation.related_model._default_manager.filter(**{relation.field.name: OuterRef("pk")}))
        for relation in User._meta.related_objects
        if isinstance(relation, ManyToOneRel) and relation.on_delete is PROTECT
    ]
    guests = User.objects.filter(*[~each for each in mentions], kind=Kind.GUEST, date_joined__lt=now - YOUNG)
    gone = [pk for pk in guests.values_list("pk", flat=True) if str(pk) not in signed_in]
    for place in range(0, len(gone), MOST):
        User.objects.filter(pk__in=gone[place : place + MOST]).delete()
    return sessions, len(gone)
