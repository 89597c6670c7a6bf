"""Boards on a socket: a snapshot, then what changes."""

import asyncio
import contextlib
import time
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from boards import boards
from boards.boards import NoSuchBoard
from realtime.consumers import SocketConsumer
from realtime.storage.database import in_database
from realtime.storage.gather import gathered
from realtime.wire.protocol import Close, Frame, encode


class ReadBoard(NamedTuple):
    """A snapshot ready to send, the seqs of its topics, and how many seconds reading it took."""

    frame: Frame
    seqs: Mapping[str, int]
    seconds: float


@in_database
def _read(keys: Collection[tuple[str, int | None]]) -> dict[tuple[str, int | None], ReadBoard]:
    """Return the snapshots of boards (slug, points)."""
    found: dict[tuple[str, int | None], ReadBoard] = {}
    for slug, points in keys:
        began = time.monotonic()
        with contextlib.suppress(NoSuchBoard):
            snapshot = boards.board_snapshot(slug, points)
            frame = Frame(encode(snapshot.event))
            found[slug, points] = ReadBoard(frame, snapshot.seqs, time.monotonic() - began)
    return found


@in_database
def _read_topics(keys: Collection[tuple[str, bool]]) -> dict[tuple[str, bool], set[str]]:
    """Return the topics of each board (slug, whether a guest asks) that may be seen."""
    found = {}
    for slug, for_guest in keys:
        with contextlib.suppress(NoSuchBoard):
            found[slug, for_guest] = boards.board_topics(slug, for_guest=for_guest)
    return found


#: When a thousand screens return together, or all see an edit, this costs one or two reads.
_snapshot = gathered(_read)
_topics = gathered(_read_topics)


class ShowsBoards(SocketConsumer):
    """Shows boards on a socket: a snapshot of each, then its streams' updates, and a new snapshot after an edit."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        #: The topics of each board shown, by its slug.
        self._shown: dict[str, set[str]] = {}

    async def opened(self) -> None:
        await super().opened()
        self._showing = asyncio.Lock()
        self._points: int | None = None

    async def look_for_guest(self) -> None:
        """Hide the boards that are no longer open to this socket's guest."""
        if self.user is not None and self.user.is_guest:
            for slug in list(self._shown):
                if await _topics((slug, True)) is None and slug in self._shown:
                    await self.gone(slug)

    async def show_asked(self, slug: str) -> None:
        """Show a board that the client asked for, and charge for reading it.

        Raises NoSuchBoard; CommandError `rate_limited` when the person has read too much.
        """
        self.require_reading()
        shown = await self.show(slug)
        self.count_reading(len(shown.frame), shown.seconds)

    async def show(self, slug: str) -> ReadBoard:
        """Send a board, then the updates of its streams; return what was sent. Raises NoSuchBoard."""
        if not self.may_show(slug):
            raise NoSuchBoard
        async with self._showing:
            try:
                known = await _topics((slug, self.user is not None and self.user.is_guest))
                if known is not None:
                    return await self._join(slug, known)
            except BaseException:
                if self._shown:  # its boards have missed an edit, or updates of streams that they share with this one
                    await self.connection.close(Close.RESYNC)
                raise
            raise NoSuchBoard

    async def _join(self, slug: str, known: set[str]) -> ReadBoard:
        topic = f"board.{slug}"
        async with self.joining(topic, *known) as join:
            while (snapshot := await _snapshot((slug, self._points))) is not None:
                if not await join.subscribe(snapshot.seqs):
                    break
                # Tiles were added meanwhile; now that their streams are subscribed to, read again.
            if snapshot is None:
                raise NoSuchBoard
            self.connection.write_frame(snapshot.frame)
            join.tell(snapshot.seqs)
        heard = self._shown.get(slug, set()) | join.names.keys()
        self._shown[slug] = set(snapshot.seqs)
        await self._drop(heard - {topic, *snapshot.seqs})
        return snapshot

    async def hide(self, slug: str) -> None:
        """Stop sending a board."""
        async with self._showing:
            await self.hub.unsubscribe(f"board.{slug}", self.connection)
            await self._drop(self._shown.pop(slug, set()))

    async def _drop(self, names: set[str]) -> None:
        for name in names - set().union(*self._shown.values()):
            await self.hub.unsubscribe(name, self.connection)

    async def control(self, topic: str, payload: dict[str, Any]) -> None:
        kind, _, slug = topic.partition(".")
        if kind != "board":
            await super().control(topic, payload)
        elif slug in self._shown:
            try:
                await self.show(slug)
            except NoSuchBoard:
                await self.gone(slug)
            await self.board_changed()

    def may_show(self, slug: str) -> bool:
        """Return whether this socket may show a board that its user may see."""
        return True

    async def board_changed(self) -> None:
        """Called after the edit of a board that is shown; its new snapshot is already sent."""

    async def gone(self, slug: str) -> None:
        """Called when a board that was shown is gone."""
        await self.hide(slug)


async def recheck_guests(sockets: Collection[SocketConsumer]) -> None:
    """Hide boards that are closed to guests from guests' `sockets`: the event that said so may have been lost."""
    await asyncio.gather(*(each.look_for_guest() for each in sockets if isinstance(each, ShowsBoards)))
