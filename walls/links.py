"""Walls, and the links that show them without anybody signed in."""

import secrets
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest

from accounts.models import hash_token
from accounts.signing_in.tokens import bearer_of
from boards.models import Board, Widget
from realtime.delivery.publish import Delivery, Publication, publish_on_commit
from realtime.storage import clock
from realtime.storage.database import in_database
from realtime.storage.gather import gathered
from realtime.wire.protocol import encode
from walls.models import ScreenLink, Wall
from walls.plan import plan_of

#: What the token of a link begins with.
PREFIX: Final = "screen_"


@dataclass(frozen=True, slots=True)
class Link:
    """A valid link and what it shows. `event`: its wall's plan, as on the wire. `rooms`: the rooms it may see."""

    pk: int
    wall: int
    expires_at: datetime | None
    event: dict[str, Any]
    rooms: frozenset[str]

    @property
    def topic(self) -> str:
        return f"wall.{self.wall}"

    @property
    def boards(self) -> set[str]:
        return {slot["board"] for slot in self.event["boards"]}


def good_links(hashes: Collection[str]) -> dict[str, Link]:
    """Return the links with these token hashes that are not revoked and not expired."""
    good = Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=clock.now()))
    rows = ScreenLink.objects.filter(good, token_hash__in=hashes).select_related("wall")
    rows = rows.prefetch_related("wall__places__board")
    rooms = _rooms_of(row.wall_id for row in rows if row.wall.shows_rooms)
    return {
        row.token_hash: Link(row.pk, row.wall_id, row.expires_at, plan_of(row.wall), frozenset(rooms[row.wall_id]))
        for row in rows
    }


#: Returns the link of a token's hash; None when there is no valid one. A thousand returning screens cost a read or two.
find_link = gathered(in_database(good_links))


def good_link(token: str) -> Link | None:
    return good_links([hash_token(token)]).get(hash_token(token))


def lets_in(request: HttpRequest, slug: str) -> bool | None:
    """Return whether the link of the request's token shows this board; None when it has no valid token."""
    token = bearer_of(request.headers.get("Authorization", ""))
    link = good_link(token) if token else None
    return None if link is None else slug in link.boards


def _rooms_of(walls: Iterable[int]) -> Mapping[int, set[str]]:
    """Return the rooms that have a tile on the boards of each wall."""
    found: dict[int, set[str]] = defaultdict(set)
    if wanted := set(walls):
        tiles = Widget.objects.filter(type=Widget.Type.ROOM, board__places__wall__in=wanted)
        for wall, options in tiles.values_list("board__places__wall", "options"):
            found[wall].add(options.get("room", ""))
    return found


def issue_link(wall: Wall, note: str = "", days: int | None = None) -> str:
    """Return a new token that shows `wall` for this many days. It is stored hashed, so it cannot be shown again."""
    token = PREFIX + secrets.token_urlsafe(32)
    expires_at = clock.now() + timedelta(days=days) if days is not None else None
    ScreenLink.objects.create(wall=wall, note=note, token_hash=hash_token(token), expires_at=expires_at)
    return token


@transaction.atomic
def revoke_link(link: ScreenLink) -> None:
    """Revoke a link; its screens go dark in every process."""
    if ScreenLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=clock.now()):
        wall_changed(link.wall)


@transaction.atomic
def delete_wall(wall: Wall) -> None:
    wall_changed(wall)
    wall.delete()


def wall_changed(wall: Wall) -> None:
    """Make every screen of `wall` read its link again; call it in the transaction of the change."""
    publish_on_commit([Publication(wall.topic, Delivery.CONTROL, encode({"do": "changed"}))])


def board_goes(board: Board) -> None:
    """Tell the walls that show a board that it is about to be deleted."""
    for wall in Wall.objects.filter(places__board=board):
        wall_changed(wall)
