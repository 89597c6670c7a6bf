"""The screens that links have opened, and people's full screens, over all processes.

What they show, and their commands.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import User
from realtime import process
from realtime.delivery.publish import Delivery, Publication, publish_on_commit
from realtime.storage import clock
from realtime.wire.protocol import encode, timestamp
from walls.models import Screen, ScreenLink

#: How long a disconnected screen without a name is kept.
FORGOTTEN_AFTER: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Shown:
    """What one socket of a screen shows, with the id of its link or of its person."""

    link: int | None
    user: int | None
    key: str
    board: str
    build: str
    opened_at: datetime
    painted_at: datetime | None


def write(shown: Mapping[str, Shown], gone: Collection[str]) -> None:
    """Update this process's rows: what each socket (by its id) shows, and which sockets are gone."""
    mine = Screen.objects.filter(process=process.PROCESS_ID)
    now = clock.now()
    with transaction.atomic():
        mine.filter(connection__in=gone).update(process="", seen_at=now)
        links = ScreenLink.objects.in_bulk({each.link for each in shown.values() if each.link})
        users = User.objects.in_bulk({each.user for each in shown.values() if each.user})
        # One row per screen: of two sockets with the same key, the newer counts.
        rows = {
            (each.link or 0, each.user or 0, each.key): Screen(
                link_id=each.link,
                user_id=each.user,
                key=each.key,
                process=process.PROCESS_ID,
                connection=connection,
                board=each.board,
                build=each.build,
                opened_at=each.opened_at,
                painted_at=each.painted_at,
                seen_at=now,
            )
            for connection, each in sorted(shown.items(), key=lambda item: item[1].opened_at)
            if each.link in links or each.user in users
        }
        # The same order everywhere, or two processes could deadlock.
        ordered = [row for _, row in sorted(rows.items())]
        _upsert([row for row in ordered if row.link_id], "link")
        _upsert([row for row in ordered if row.user_id], "user")


def _upsert(rows: list[Screen], owner: str) -> None:
    Screen.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=[owner, "key"],
        update_fields=["process", "connection", "board", "build", "opened_at", "painted_at", "seen_at"],
    )


def forget_the_old() -> None:
    """Delete screens without a name that have long been disconnected."""
    old = Screen.objects.filter(name="", seen_at__lt=clock.now() - FORGOTTEN_AFTER)
    old.exclude(process__in=process.alive().values("pk")).delete()


def connected() -> QuerySet[Screen]:
    """Return the screens whose socket is open in any process."""
    return Screen.objects.filter(process__in=process.alive().filter(leaving=False).values("pk"))


def all_screens() -> list[dict[str, Any]]:
    """Return the connected screens and the named ones, in the form of `GET /api/screens/`."""
    there = set(connected().values_list("pk", flat=True))
    rows = Screen.objects.filter(Q(pk__in=there) | ~Q(name="")).select_related("link__wall", "user")
    return [
        {
            "id": row.pk,
            "name": str(row),
            "wall": row.link.wall.name if row.link else None,
            "link": str(row.link) if row.link else None,
            "user": row.user.on_wire() if row.user else None,
            "connected": row.pk in there,
            "board": row.board,
            "build": row.build,
            "current": row.build == process.build(),
            "opened_at": timestamp(row.opened_at),
            "seen_at": timestamp(row.seen_at),
            "painted_at": timestamp(row.painted_at) if row.painted_at else None,
        }
        for row in rows.order_by("link__wall__name", "name", "pk")
    ]


def clean_name(raw: str) -> str:
    """Return a screen's name in the form that is stored. Raises ValueError with a sentence."""
    name = " ".join(raw.split())
    if len(name) > 80 or not name.isprintable():
        raise ValueError("A name has up to 80 visible characters.")
    return name


def rename(screen: Screen, name: str) -> None:
    Screen.objects.filter(pk=screen.pk).update(name=name)


def identify(screen: Screen) -> None:
    """Tell a screen to flash its name."""
    _tell(screen, {"type": "identify", "name": str(screen)})


def reload(screen: Screen) -> None:
    """Tell a screen to reload its page."""
    _tell(screen, {"type": "reload", "build": process.build()})


def _tell(screen: Screen, event: dict[str, Any]) -> None:
    payload = {"do": "tell", "screen": [screen.link_id, screen.key], "event": event}
    publish_on_commit([Publication(screen.topic, Delivery.CONTROL, encode(payload))])
