"""Counts tried passwords in the database, over all processes, so that staff can see them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import PasswordTries
from realtime.limits.buckets import network_of

#: Limits on tries: for one user name from one address, and for all names from one address (an office, perhaps): at
#: once, then per second.
NAME: Final = (10, 0.1)
DOOR: Final = (100, 1.0)
#: How long tries are shown in the admin; and how many, when somebody guesses ever new names.
SHOWN: Final = timedelta(days=7)
MOST: Final = 10_000
#: Seconds to wait while others at the same address sign in.
PATIENCE: Final = 10.0

_turns: Final = threading.Condition()
_looked_at: Final[set[str]] = set()  # networks with a password check in progress


@transaction.atomic
def try_password(address: str, username: str) -> float:
    """Return 0 and count a try of a password for `username`; when too many were made, return the seconds to wait."""
    network, name = _who(address, username)
    # The row of the address first, everywhere, so that two processes cannot deadlock.
    return _take(network, "", *DOOR) or (_take(network, name, *NAME) if name else 0.0)


@contextmanager
def one_at_a_time(address: str) -> Iterator[bool]:
    """Check one password of an address at a time; yield False when the wait is too long.

    A check takes half a second on purpose, and a connection to the database; a hundred at once would take all
    connections.
    """
    network = network_of(address)
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()  # give the connection back to the pool while waiting
    with _turns:
        is_first = _turns.wait_for(lambda: network not in _looked_at, PATIENCE)
        if is_first:
            _looked_at.add(network)
    try:
        yield is_first
    finally:
        if is_first:
            with _turns:
                _looked_at.discard(network)
                _turns.notify_all()


def forgive(address: str, username: str) -> None:
    """The password was right, so the wrong tries before it no longer count."""
    network, name = _who(address, username)
    PasswordTries.objects.filter(network=network, username=name).exclude(username="").delete()


def forget_old() -> None:
    """Delete old tries. Those of the last minutes stay, since they still count."""
    PasswordTries.objects.filter(at__lt=timezone.now() - SHOWN).delete()
    newest = PasswordTries.objects.order_by("-at").values_list("at", flat=True)[MOST : MOST + 1]
    if newest:
        full_again = timezone.now() - timedelta(minutes=10)
        PasswordTries.objects.filter(at__lt=min(newest[0], full_again)).delete()


def _who(address: str, username: str) -> tuple[str, str]:
    return network_of(address)[:64], username.casefold()[:200]


def _take(network: str, username: str, burst: int, rate: float) -> float:
    """Take a try from a row, like `realtime.limits.buckets.Bucket`, but by the database's clock."""
    row, made = PasswordTries.objects.get_or_create(network=network, username=username, defaults={"left": burst})
    rows: Any = PasswordTries.objects.select_for_update().annotate(now=Now())
    row = rows.filter(pk=row.pk).first()
    if row is None:  # meanwhile the right password was given, or staff deleted the row
        return 0.0
    left = row.left if made else min(burst, row.left + max(0.0, (row.now - row.at).total_seconds()) * rate)
    if left < 1:
        return float((1 - left) / rate)
    row.left, row.tries, row.at = left - 1, row.tries + 1, row.now
    row.save(update_fields=["left", "tries", "at"])
    return 0.0
