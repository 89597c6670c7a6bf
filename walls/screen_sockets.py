"""Sockets of screens: a link's token stands for a session, and opens the boards of one wall."""

import asyncio
import logging
import re
import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl

from accounts.models import hash_token
from accounts.signing_in.tokens import bearer_of
from realtime.consumers import SocketConsumer
from realtime.delivery.hub import current_hub
from realtime.limits.quotas import MANY, Payer
from realtime.storage import clock
from realtime.storage.database import in_database, log_failure
from realtime.wire.protocol import Close, CommandError, Refused
from walls import codes, links, screens
from walls.commands import Report
from walls.links import Link, find_link
from walls.screens import Shown

log = logging.getLogger(__name__)

#: How many sockets one link may have open in one process.
SCREENS_PER_LINK: Final = 200
#: Seconds between two writes of what screens show, and between two searches for screens to delete.
WRITE_EVERY: Final = 1.0
FORGET_EVERY: Final = 600.0
#: The keys that a screen may give itself.
KEY: Final = re.compile(r"[A-Za-z0-9-]{1,40}")


class ScreenConsumer(SocketConsumer):
    """A socket for people; with a link's token, one for a screen where nobody is signed in.

    A screen needs no Origin check: no browser sends a token by itself.
    """

    link: Link | None = None

    async def gate(self) -> None:
        query = dict(parse_qsl(self.scope.get("query_string", b"").decode("latin1")))
        self._name = uuid.uuid4().hex
        self._key = query.get("id", "") if KEY.fullmatch(query.get("id", "")) else self._name
        self._opened_at = clock.now()
        self._board = self.scope["url_route"]["kwargs"].get("slug", "")
        self._build = ""
        self._painted_at: datetime | None = None
        token = _token(self.scope)
        if token is None and "screen" in query:  # a page of an old version, which then reloads itself
            raise _gone()
        if token is None:
            await super().gate()
            return
        self.user = None  # not the person who may be signed in on that machine
        self.connection.is_still = True
        self._hash = hash_token(token)
        link = await find_link(self._hash)
        if link is not None:
            async with self.joining(link.topic):
                link = await find_link(self._hash)  # the link may have ended before we subscribed
        if link is None:
            raise _gone()
        if sum(each.link is not None and each.link.pk == link.pk for each in _screens()) >= SCREENS_PER_LINK:
            raise Refused(Close.FLOOD, "rate_limited", "Too many screens are open with this link.")
        self.link = link
        self.payer = Payer(f"link.{link.pk}", MANY)
        self._end_at_expiry()

    @property
    def is_screen(self) -> bool:
        """True for the screen of a link, and for a person's full-screen board that has said so."""
        return self.link is not None or self._painted_at is not None

    def may_show(self, slug: str) -> bool:
        return self.link is None or slug in self.link.boards

    async def on_report(self, command: Report) -> None:
        if self.link is not None:
            self._board = command.board
        elif not self._board:
            raise CommandError("forbidden", "Only screens report what they show.")
        self._build = command.build
        self._painted_at = clock.now() - timedelta(seconds=command.painted)

    async def control(self, topic: str, payload: dict[str, Any]) -> None:
        if payload["do"] == "tell":
            if payload["screen"] == [self.link and self.link.pk, self._key]:
                self.connection.send(payload["event"])
        elif self.link is None or topic != self.link.topic:
            await super().control(topic, payload)
        elif payload["do"] == "changed":
            await self.look_again()

    async def look_again(self) -> None:
        """Read again whether the link is valid, and what it shows."""
        before, self.link = self.link, await find_link(self._hash)
        if self.link is None:
            self.link = before  # kept until the socket has closed
            await self._refuse(_gone())
        elif before is not None and before.event != self.link.event:
            await self.plan_changed()
        self._end_at_expiry()

    async def board_changed(self) -> None:
        if self.link is not None and self.link.event["rooms"]:
            await self.look_again()  # the wall's rooms are those on its boards' tiles

    async def plan_changed(self) -> None:
        """Called when the wall's plan has changed."""

    async def closed(self) -> None:
        if self.link is not None and self._expiry is not None:
            self._expiry.cancel()
        await super().closed()

    _expiry: asyncio.TimerHandle | None = None

    def _end_at_expiry(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
        if self.link is not None and self.link.expires_at is not None and not self.connection.closed:
            # A moment later, when `find_link` finds it expired, too.
            seconds = (self.link.expires_at - clock.now()).total_seconds() + 0.05
            ring = asyncio.get_running_loop().call_later
            self._expiry = ring(max(0.05, seconds), self._on_control, self.link.topic, '{"do":"changed"}')

    def shown(self) -> tuple[str, Shown]:
        """Return this socket's id and the screen's last report."""
        link, user = (self.link.pk, None) if self.link else (None, self.user.pk)
        shows = self._board, self._build, self._opened_at, self._painted_at
        return self._name, Shown(link, user, self._key, *shows)


def _token(scope: dict[str, Any]) -> str | None:
    """Return the token of a screen link: a bearer token, or one of the subprotocols, since pages cannot set headers.

    Never from the address, which proxies log.
    """
    bearer = bearer_of(dict(scope["headers"]).get(b"authorization", b"").decode("latin1"))
    given = [bearer or "", *(scope.get("subprotocols") or ())]
    return next((each for each in given if each.startswith(links.PREFIX)), None)


def _gone() -> Refused:
    # The same text whether it is wrong, revoked or expired, so that guessing reveals nothing.
    return Refused(Close.FORBIDDEN, "forbidden", "This link is not good, or no longer: ask for a new one.")


def _screens() -> list[Any]:
    found = current_hub().connections
    return [
        each for each in found if isinstance(each, ScreenConsumer) and each.is_screen and not each.connection.closed
    ]


async def recheck_links(sockets: Collection[SocketConsumer]) -> None:
    """Check the links of all screens in `sockets` again: the event about a change may have been lost."""
    those = [each for each in sockets if isinstance(each, ScreenConsumer) and each.link and not each.connection.closed]
    await asyncio.gather(*(each.look_again() for each in those))


class RowKeeper:
    """Stores the rows of this process's screens."""

    def __init__(self) -> None:
        self._written: dict[str, Shown] = {}

    async def flush(self) -> None:
        """Write what has changed since the last call."""
        now = dict(each.shown() for each in _screens())
        news = {name: shown for name, shown in now.items() if self._written.get(name) != shown}
        gone = self._written.keys() - now.keys()
        if news or gone:
            await in_database(screens.write)(news, gone)
        self._written = now


async def keep_rows() -> None:
    """Store what this process's screens show, and delete old screens and codes. Never returns."""
    keeper = RowKeeper()
    forgot_at = -FORGET_EVERY
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(WRITE_EVERY)
        try:
            await keeper.flush()
            if loop.time() - forgot_at >= FORGET_EVERY:
                forgot_at = loop.time()
                await in_database(screens.forget_the_old)()
                await in_database(codes.forget_the_old)()
        except Exception as error:
            log_failure(log, error, "Writing what screens show (again in a second)")
