"""Roulette, as its tests play it."""

from datetime import timedelta
from typing import Any

from django.db.models import F

from accounts.models import User
from roulette.models import Seat
from roulette.pairing import look, part, take_seat
from roulette.seats import ENDED, LOST, TALKING, WAITING, SeatView

__all__ = ["ENDED", "LOST", "TALKING", "WAITING", "enter", "leave", "long_ago", "pair", "seats", "see"]


async def enter(user: User, *tags: str, socket: str = "") -> SeatView:
    """Take a seat and look once."""
    assert await take_seat(user.pk, socket or user.name, list(tags)) is None
    return await look(user.pk, socket or user.name)


async def see(user: User, socket: str = "") -> SeatView:
    return await look(user.pk, socket or user.name)


async def pair(one: User, other: User) -> str:
    """Pair two who are alone in the lobby; return their room."""
    await enter(one)
    place = await enter(other)
    assert (place.state, (place.partner or {})["name"]) == (TALKING, one.name)
    return place.room


async def leave(user: User, reason: str = "partner_left", *, stay: bool = False) -> None:
    await part(user.pk, user.name, reason, stay=stay)


async def long_ago(**fields: Any) -> None:
    """Move these time fields of all seats back by a minute."""
    for name in fields:
        await Seat.objects.filter(**{f"{name}__isnull": False}).aupdate(**{name: F(name) - timedelta(minutes=1)})


async def seats() -> dict[str, str]:
    return {seat.user.name: seat.state async for seat in Seat.objects.select_related("user")}
